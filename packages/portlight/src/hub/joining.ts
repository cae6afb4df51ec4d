import type { Position, Since } from '../backplane/bus.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { DEFAULTS } from '../defaults.ts';
import { ForbiddenError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';
import { announceGap } from './announce-gap.ts';
import { type BusDesk, isPosition, isReplay } from './bus-desk.ts';
import { Hold } from './hold.ts';
import type { Mending } from './mending.ts';
import { type JoinOptions, type ParsedJoin, parseJoins, type TopicJoin } from './parse-join.ts';
import type { PresenceBoard } from './presence-board.ts';
import type { Publisher } from './publisher.ts';
import { Room } from './room.ts';
import { noteStillWanted } from './still-wanted.ts';
import type { Subscriber } from './subscriber.ts';
import { type Delivery, Subscription } from './subscription.ts';
import { type WantedJoin, WantedJoins } from './wanted-joins.ts';
import { whenAll, whenReady } from './when-ready.ts';

type MaybePromise<T> = T | Promise<T>;

/** What joining works with. */
export interface JoiningParts {
  readonly shared: SharedState;
  readonly desk: BusDesk;
  readonly publisher: Publisher;
  readonly board: PresenceBoard;
  readonly mending: Mending;
  readonly log: LogHolder;
}

/** Who is in which topic in this process, and how one gets in and out. */
export class Joining {
  /** By topic; of those that have somebody. */
  readonly rooms: Map<string, Room> = new Map();
  readonly #parts: JoiningParts;
  /** By the id of the subscriber, then by topic. */
  readonly #subscriptions: Map<string, Map<string, Subscription>> = new Map();

  readonly #wanted: WantedJoins = new WantedJoins((each) => this.#joinLate(each));

  constructor(parts: JoiningParts) {
    this.#parts = parts;
  }

  /** How many are in some topic, or want to be. */
  get subscribers(): number {
    return this.#subscriptions.size + this.#wanted.size;
  }

  isIn(subscriber: string, topic: string): boolean {
    return this.#subscriptions.get(subscriber)?.has(topic) === true;
  }

  /** In the order of joining. */
  topicsOf({ id }: Subscriber): readonly string[] {
    return [...(this.#subscriptions.get(id)?.keys() ?? [])];
  }

  /** What fails to be joined is wanted until it is left. */
  joinAll(subscriber: Subscriber, topics: readonly (string | TopicJoin)[], options: JoinOptions): Promise<void> | void {
    const joins = parseJoins(topics, options);
    const joined = this.#subscriptions.get(subscriber.id);
    const present = joins.flatMap((join) => {
      const subscription = joined?.get(join.topic);
      return subscription === undefined ? [] : [{ subscription, join }];
    });
    const added = this.#add(subscriber, joins);
    const changing = present.map(({ subscription, join }) => this.#change(subscription, join));
    return whenReady(whenAll([...changing, this.#complete(added, options.since || undefined)]), () => {});
  }

  leave({ id }: Pick<Subscriber, 'id'>, topic: string): Promise<void> | void {
    this.#wanted.delete(id, topic);
    const subscription = this.#subscriptions.get(id)?.get(topic);
    return subscription && this.#remove(subscription);
  }

  leaveAll({ id }: Subscriber): Promise<void> | void {
    this.#wanted.deleteAll(id);
    return this.#removeAll([...(this.#subscriptions.get(id)?.values() ?? [])]);
  }

  /** The bus can be reached again: what could not be joined is joined. */
  retry(): void {
    this.#wanted.retry();
  }

  #joinLate(wanted: WantedJoin): Promise<void> {
    const joining = this.#completeLate(wanted);
    this.#parts.shared.own(joining, NOT_JOINED);
    return joining;
  }

  /** Joins what was asked for before, behind a gap where no history has what came meanwhile. */
  async #completeLate({ subscriber, joins, since }: WantedJoin): Promise<void> {
    const joined = this.#subscriptions.get(subscriber.id);
    const absent = joins.flatMap(({ topic }) => joined?.get(topic) ?? []);
    const completed = this.#complete(this.#add(subscriber, joins), since, true);
    const entered = absent.length === 0 ? undefined : this.#settle(absent, since, this.#tellAbsent(absent), () => true);
    await Promise.all([completed, entered]);
  }

  /** Subscriptions to those of the topics in which the subscriber is not yet. */
  #add(subscriber: Subscriber, joins: readonly ParsedJoin[]): readonly Subscription[] {
    const joined = this.#subscriptions.get(subscriber.id) ?? new Map<string, Subscription>();
    const fresh = new Map(joins.filter(({ topic }) => !joined.has(topic)).map((join) => [join.topic, join]));
    const wanted = this.#wanted.topicsOf(subscriber.id).filter((topic) => !joined.has(topic) && !fresh.has(topic));
    if (joined.size + fresh.size + wanted.length > DEFAULTS.maxTopicsPerMember) {
      throw new ForbiddenError(`A channel may be in ${DEFAULTS.maxTopicsPerMember} topics at a time.`, {
        code: 'ERR_PORTLIGHT_TOO_MANY_TOPICS',
      });
    }
    if (fresh.size > 0) this.#subscriptions.set(subscriber.id, joined);
    return [...fresh.values()].map(({ topic, member, info }) => {
      const before = this.#wanted.delete(subscriber.id, topic);
      const subscription = new Subscription(
        subscriber,
        topic,
        member ?? before?.member,
        info ?? before?.info,
        this.#parts.log,
      );
      joined.set(topic, subscription);
      return subscription;
    });
  }

  /** The rest of a join. */
  #complete(
    subscriptions: readonly Subscription[],
    since: string | undefined,
    isLate: boolean = false,
  ): MaybePromise<void> {
    const hold = new Hold(subscriptions);
    const fenced = whenAll(subscriptions.map((subscription) => this.#enterRoom(subscription)));
    const replayed = since === undefined ? [] : subscriptions.filter(({ topic }) => this.#parts.publisher.keeps(topic));
    let isIn = false;
    const done = whenReady(
      whenReady(fenced, () => this.#read(replayed, since)),
      (deliveries) => {
        const gaps = isLate ? subscriptions.filter((each) => !replayed.includes(each)).flatMap(toGap) : [];
        for (const { subscription, publication, isGap } of [...gaps, ...deliveries])
          subscription.deliver(publication, isGap, true);
        hold.release();
        isIn = true;
        return this.#enterPresence(subscriptions);
      },
    );
    if (!(done instanceof Promise)) return;
    const joining = this.#settle(subscriptions, since, done, () => isIn);
    for (const subscription of subscriptions) subscription.joining = joining;
    return joining;
  }

  /**
   * What is wanted still once a join has failed. What has been delivered is not taken back: a second replay would bring
   * it again.
   */
  async #settle(
    subscriptions: readonly Subscription[],
    since: string | undefined,
    done: Promise<void>,
    isIn: () => boolean,
  ): Promise<void> {
    try {
      await done;
    } catch (error) {
      const joins = subscriptions.filter(({ isOver }) => !isOver);
      if (!isIn()) this.#parts.shared.own(this.#removeAll(joins), 'A join that failed could not be taken back.');
      const [first] = joins;
      if (first !== undefined) this.#wanted.add({ subscriber: first.subscriber, joins, since });
      noteStillWanted(error);
      throw error;
    } finally {
      for (const subscription of subscriptions) subscription.joining = undefined;
    }
  }

  #enterRoom(subscription: Subscription): MaybePromise<void> {
    const { topic } = subscription;
    const room = this.rooms.get(topic) ?? new Room(topic, this.#parts.mending);
    this.rooms.set(topic, room);
    room.add(subscription);
    return whenReady(this.#tellInterest(room), (standing) => {
      subscription.from = standing;
      room.open(standing);
    });
  }

  async #tellAbsent(subscriptions: readonly Subscription[]): Promise<void> {
    await this.#enterPresence(subscriptions);
  }

  #enterPresence(subscriptions: readonly Subscription[]): MaybePromise<void> {
    return whenReady(whenAll(subscriptions.map((subscription) => this.#parts.board.enter(subscription))), () => {});
  }

  /** What the histories have, in the order of all topics together. */
  #read(subscriptions: readonly Subscription[], since: string | undefined): MaybePromise<readonly Delivery[]> {
    if (since === undefined) return [];
    const reads = subscriptions.map(({ topic, member }) =>
      this.#parts.desk.ask((bus) => bus.read(topic, toSince(since, member)), isReplay),
    );
    return whenReady(whenAll(reads), (replays) => {
      const missed = replays.flatMap((replay, index) => subscriptions[index]?.deliveriesOf(replay, since) ?? []);
      return subscriptions.length > 1 ? missed.sort((one, other) => seqOf(one) - seqOf(other)) : missed;
    });
  }

  /** A second join. Waits for the first. */
  #change(subscription: Subscription, { member, info }: ParsedJoin): MaybePromise<void> {
    return whenReady(subscription.joining, () => {
      const isOther = member !== undefined && member !== subscription.member;
      const isAbsent = this.#wanted.delete(subscription.subscriber.id, subscription.topic) !== undefined;
      if (subscription.isOver || (!isOther && !isAbsent && (info === undefined || info === subscription.info))) return;
      const { board } = this.#parts;
      const exited = isOther ? board.exit(subscription) : undefined;
      const room = this.rooms.get(subscription.topic);
      room?.delete(subscription);
      subscription.member = member ?? subscription.member;
      subscription.info = info ?? subscription.info;
      room?.add(subscription);
      return whenReady(whenAll([exited, board.enter(subscription)]), () => {});
    });
  }

  #removeAll(subscriptions: readonly Subscription[]): MaybePromise<void> {
    return whenReady(whenAll(subscriptions.map((subscription) => this.#remove(subscription))), () => {});
  }

  #remove(subscription: Subscription): MaybePromise<void> {
    const { subscriber, topic } = subscription;
    const joined = this.#subscriptions.get(subscriber.id);
    if (subscription.isOver || joined === undefined) return;
    subscription.isOver = true;
    joined.delete(topic);
    if (joined.size === 0) this.#subscriptions.delete(subscriber.id);
    const left = this.#leaveRoom(subscription);
    const exited = this.#parts.board.exit(subscription);
    return whenReady(whenAll<unknown>([left, exited]), () => {});
  }

  #leaveRoom(subscription: Subscription): MaybePromise<Position> | undefined {
    const room = this.rooms.get(subscription.topic);
    if (room === undefined) return undefined;
    room.delete(subscription);
    if (room.subscriptions.size === 0) this.rooms.delete(room.topic);
    return this.#tellInterest(room);
  }

  #tellInterest({ topic, subscriptions }: Room): MaybePromise<Position> {
    return this.#parts.desk.ask((bus) => bus.setInterest(topic, subscriptions.size), isPosition);
  }
}

function toSince(since: string, member: string | undefined): Since {
  if (since === 'earliest') return 'earliest';
  return since === 'left' && member !== undefined ? { left: member } : { position: since };
}

function seqOf({ publication }: Delivery): number {
  return publication.place.seq;
}

/** In front of all that is behind the join. */
function toGap(subscription: Subscription): readonly Delivery[] {
  const { topic, from } = subscription;
  return from === undefined ? [] : [{ subscription, publication: announceGap(topic, undefined, from), isGap: true }];
}

const NOT_JOINED = 'A topic was not joined.';
