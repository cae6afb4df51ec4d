import type { Position, Since } from '../backplane/bus.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { DEFAULTS } from '../defaults.ts';
import { ForbiddenError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';
import { Hold } from './hold.ts';
import type { Mending } from './mending.ts';
import { type JoinOptions, type ParsedJoin, parseJoins, type TopicJoin } from './parse-join.ts';
import type { PresenceBoard } from './presence-board.ts';
import type { Publisher } from './publisher.ts';
import { Room } from './room.ts';
import type { Subscriber } from './subscriber.ts';
import { type Delivery, Subscription } from './subscription.ts';
import { attempt, whenAll, whenReady } from './when-ready.ts';

type MaybePromise<T> = T | Promise<T>;

/** What joining works with. */
export interface JoiningParts {
  readonly shared: SharedState;
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

  constructor(parts: JoiningParts) {
    this.#parts = parts;
  }

  /** How many are in some topic. */
  get subscribers(): number {
    return this.#subscriptions.size;
  }

  isIn(subscriber: string, topic: string): boolean {
    return this.#subscriptions.get(subscriber)?.has(topic) === true;
  }

  /** In the order of joining. */
  topicsOf({ id }: Subscriber): readonly string[] {
    return [...(this.#subscriptions.get(id)?.keys() ?? [])];
  }

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

  leave({ id }: Subscriber, topic: string): Promise<void> | void {
    const subscription = this.#subscriptions.get(id)?.get(topic);
    return subscription && this.#remove(subscription);
  }

  leaveAll({ id }: Subscriber): Promise<void> | void {
    return this.#removeAll([...(this.#subscriptions.get(id)?.values() ?? [])]);
  }

  /** Subscriptions to those of the topics in which the subscriber is not yet. */
  #add(subscriber: Subscriber, joins: readonly ParsedJoin[]): readonly Subscription[] {
    const joined = this.#subscriptions.get(subscriber.id) ?? new Map<string, Subscription>();
    const fresh = new Map(joins.filter(({ topic }) => !joined.has(topic)).map((join) => [join.topic, join]));
    if (joined.size + fresh.size > DEFAULTS.maxTopicsPerMember) {
      throw new ForbiddenError(`A channel may be in ${DEFAULTS.maxTopicsPerMember} topics at a time.`, {
        code: 'ERR_PORTLIGHT_TOO_MANY_TOPICS',
      });
    }
    if (fresh.size > 0) this.#subscriptions.set(subscriber.id, joined);
    return [...fresh.values()].map(({ topic, member, info }) => {
      const subscription = new Subscription(subscriber, topic, member, info, this.#parts.log);
      joined.set(topic, subscription);
      return subscription;
    });
  }

  /** The rest of a join. What fails leaves nothing of it. */
  #complete(subscriptions: readonly Subscription[], since: string | undefined): MaybePromise<void> {
    const hold = new Hold(subscriptions);
    const replayed = since === undefined ? [] : subscriptions.filter(({ topic }) => this.#parts.publisher.keeps(topic));
    const fenced = whenAll(subscriptions.map((subscription) => this.#enterRoom(subscription)));
    const replaying = whenReady(fenced, () => (since === undefined ? undefined : this.#replay(replayed, since)));
    const done = whenReady(replaying, () => {
      hold.release();
      return this.#enterPresence(subscriptions);
    });
    if (!(done instanceof Promise)) return;
    const joining = this.#settle(subscriptions, done);
    for (const subscription of subscriptions) subscription.joining = joining;
    return joining;
  }

  async #settle(subscriptions: readonly Subscription[], done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      this.#parts.shared.own(this.#removeAll(subscriptions), 'A join that failed could not be taken back.');
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

  #enterPresence(subscriptions: readonly Subscription[]): MaybePromise<void> {
    return whenReady(whenAll(subscriptions.map((subscription) => this.#parts.board.enter(subscription))), () => {});
  }

  /** Delivers what the histories have, in the order of all topics together. */
  #replay(subscriptions: readonly Subscription[], since: string): MaybePromise<void> {
    const { shared } = this.#parts;
    const reads = subscriptions.map(({ topic, member }) =>
      attempt(() => shared.bus.read(topic, toSince(since, member))),
    );
    return whenReady(whenAll(reads), (replays) => {
      const missed = replays.flatMap((replay, index) => subscriptions[index]?.deliveriesOf(replay, since) ?? []);
      if (subscriptions.length > 1) missed.sort((one, other) => seqOf(one) - seqOf(other));
      for (const { subscription, publication, isGap } of missed) subscription.deliver(publication, isGap);
    });
  }

  /** A second join. Waits for the first. */
  #change(subscription: Subscription, { member, info }: ParsedJoin): MaybePromise<void> {
    return whenReady(subscription.joining, () => {
      const isOther = member !== undefined && member !== subscription.member;
      if (subscription.isOver || (!isOther && (info === undefined || info === subscription.info))) return;
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
    return attempt(() => this.#parts.shared.bus.setInterest(topic, subscriptions.size));
  }
}

function toSince(since: string, member: string | undefined): Since {
  if (since === 'earliest') return 'earliest';
  return since === 'left' && member !== undefined ? { left: member } : { position: since };
}

function seqOf({ publication }: Delivery): number {
  return publication.place.seq;
}
