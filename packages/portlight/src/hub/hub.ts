import {
  type BusMessage,
  type BusReceiver,
  formatPosition,
  type MemberChange,
  type Retention,
  type Since,
} from '../backplane/bus.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';
import { ForbiddenError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';
import { encodeData, encodeMessage, type PublishOptions } from './encode-message.ts';
import type { Member } from './member.ts';
import { type Delivery, Membership } from './membership.ts';
import { parseMemberName, parseTopic } from './parse-topic.ts';
import { Publication } from './publication.ts';
import { Room } from './room.ts';
import { TopicRules } from './topic-rules.ts';
import { whenAll, whenReady } from './when-ready.ts';

export type { PublishOptions } from './encode-message.ts';

type MaybePromise<T> = T | Promise<T>;

/** How a channel joins a topic. When it joins again, what is left out stays as it was. */
export interface JoinOptions {
  /**
   * Who it is: 1 to 512 characters. Several channels of one member are one in presence; without it a channel is not in
   * presence.
   */
  readonly member?: string;
  /** What presence shows of it; anything that is JSON. */
  readonly info?: unknown;
  /**
   * What of the history comes first: `'earliest'` is all of it, a position, `<epoch>-<seq>`, what came behind it, and
   * `'left'` what came while no channel of this member was here: nothing while another one is, all of it where no
   * departure is known. Only where the topic has history, and only at the first join.
   *
   * @default only what comes from now on
   */
  readonly since?: string;
}

/** A member of a topic, with all its channels. */
export interface Presence {
  readonly member: string;
  /** That of the latest join. */
  readonly info: unknown;
  readonly channels: number;
  /** When the first of them joined, in ms since the epoch. */
  readonly joinedAt: number;
}

/** A member came with its first channel, or left with its last. */
export interface PresenceChange {
  readonly topic: string;
  readonly kind: 'joined' | 'left';
  readonly member: string;
  readonly info: unknown;
}

export type PresenceHandler = (change: PresenceChange) => unknown;

/** How much of a topic is kept. */
export interface HistoryOptions {
  /** The last so many messages: 1 to 10,000. */
  readonly size: number;
  /**
   * For so long.
   *
   * @default until they are pushed out
   */
  readonly ttlMs?: number;
}

/** What became of a publication. */
export interface PublishResult {
  /** The publisher's own, else the position in the history. */
  readonly id: string | undefined;
  /** How many channels it was handed to. */
  readonly subscribers: number;
}

/** A topic to join, as who. */
export interface TopicJoin extends Pick<JoinOptions, 'member' | 'info'> {
  readonly topic: string;
}

interface ParsedJoin {
  readonly topic: string;
  readonly name: string | undefined;
  readonly info: string | undefined;
}

/**
 * Topics: which members are in them, what they get, who is there.
 *
 * A member gets the messages of a topic in the order in which the bus passes them on, each once. What has an answer at
 * once is done at once, and then nothing is a promise.
 */
export class Hub {
  readonly #shared: SharedState;
  readonly #log: LogHolder;
  readonly #rooms: Map<string, Room> = new Map();
  readonly #memberships: Map<Member, Map<string, Membership>> = new Map();
  readonly #histories: TopicRules<Retention> = new TopicRules();
  readonly #presenceHandlers: TopicRules<PresenceHandler[]> = new TopicRules();
  /** How many messages have arrived. */
  #deliveries = 0;

  constructor(shared: SharedState, log: LogHolder) {
    this.#shared = shared;
    this.#log = log;
    const receiver: BusReceiver = {
      receive: (message) => this.#receive(message),
      memberChanged: (change) => this.#memberChanged(change),
    };
    shared.receive(receiver);
  }

  /** What is held here of topics and of members that are in some. */
  get sizes(): { readonly topics: number; readonly members: number } {
    return { topics: this.#rooms.size, members: this.#memberships.size };
  }

  /**
   * Joins, replays what `since` asks for before anything live, and is then in presence. Where something of it may be
   * missing, a gap comes first: an event `portlight.gap` with `{ topic, since }`, or the handler `gap` of a WebSocket.
   * Joining again only changes member and info.
   *
   * @returns a promise only where something has to be waited for; it rejects when the bus fails, and then nothing is
   *   joined
   * @throws {BadRequestError} `ERR_PORTLIGHT_INVALID_TOPIC`
   * @throws {ForbiddenError} `ERR_PORTLIGHT_TOO_MANY_TOPICS`
   * @throws {ReplyError} `ERR_PORTLIGHT_INVALID_PUBLICATION`, when `info` is no JSON
   * @throws {ConfigError} when `since` is `'left'` and there is no `member`
   */
  join(member: Member, topic: string, options: JoinOptions = {}): Promise<void> | void {
    return this.joinAll(member, [topic], options);
  }

  /**
   * Joins several topics, or none of them where that fails. What they replay comes in one order, that of the positions:
   * a client that is cut off in between may take up all of them behind the last position it saw.
   */
  joinAll(member: Member, topics: readonly (string | TopicJoin)[], options: JoinOptions = {}): Promise<void> | void {
    const since = options.since || undefined;
    const joins = topics.map((each) =>
      parseJoin(typeof each === 'object' && each !== null ? each : { ...options, topic: each }),
    );
    if (since === 'left' && joins.some(({ name }) => name === undefined))
      throw new ConfigError("join takes since: 'left' only together with member: it has to know who left.");
    const joined = this.#memberships.get(member);
    const present = joins.filter(({ topic }) => joined?.has(topic) === true);
    const renamed = present.map(({ topic, name, info }) => [joined?.get(topic) as Membership, name, info] as const);
    const added = this.#add(member, joins);
    const renaming = renamed.map(([membership, name, info]) => this.#rename(membership, name, info));
    return this.#notingFailure(
      whenReady(whenAll([...renaming, this.#complete(added, since)]), () => {}),
      'A topic was not joined.',
    );
  }

  /** Does nothing where it is not in the topic. */
  leave(member: Member, topic: string): Promise<void> | void {
    const membership = this.#memberships.get(member)?.get(topic);
    return membership && this.#notingFailure(this.#remove(membership), 'A topic was not left.');
  }

  leaveAll(member: Member): Promise<void> | void {
    const memberships = [...(this.#memberships.get(member)?.values() ?? [])];
    return this.#notingFailure(
      whenReady(whenAll(memberships.map((membership) => this.#remove(membership))), () => {}),
      'A topic was not left.',
    );
  }

  /** In the order of joining. */
  topicsOf(member: Member): readonly string[] {
    return [...(this.#memberships.get(member)?.keys() ?? [])];
  }

  /**
   * Sends to all channels in the topic. What is published in one process reaches its channels in the order of the
   * calls.
   *
   * Rejects with a `BadRequestError` `ERR_PORTLIGHT_INVALID_TOPIC`, or a `ReplyError`
   * `ERR_PORTLIGHT_INVALID_PUBLICATION` for what has no JSON form; then nobody gets it.
   *
   * @param data a string or bytes, which leave as they are, or anything JSON
   */
  publish(topic: string, data: unknown, options: PublishOptions = {}): Promise<PublishResult> {
    return this.#notingFailure(this.#publish(topic, data, options), 'Something was not published.');
  }

  /** Many do not wait for it, and a topic may be a client's words: a failure must not end the process. */
  #notingFailure<Outcome>(outcome: Outcome, sentence: string): Outcome {
    if (outcome instanceof Promise) outcome.catch((error: unknown) => this.#log.logger.warn({ err: error }, sentence));
    return outcome;
  }

  async #publish(topic: string, data: unknown, options: PublishOptions): Promise<PublishResult> {
    const message = encodeMessage(topic, data, options);
    const { position, subscribers } = await this.#shared.bus.publish(message, this.#histories.find(topic));
    return { id: options.id ?? (position && formatPosition(position)), subscribers };
  }

  /** Who is in the topic, in all processes, the first comer first. */
  async presence(topic: string): Promise<readonly Presence[]> {
    const members = await this.#shared.bus.presence(parseTopic(topic));
    return members.map(({ member, info, channels, joinedAt }) => ({
      member,
      info: decodeInfo(info),
      channels,
      joinedAt,
    }));
  }

  /**
   * Runs once for each change, in one process. What it throws is logged.
   *
   * @param topic a topic, or a prefix that ends in `*`
   */
  onPresence(topic: string, handler: PresenceHandler): void {
    assertPattern('onPresence', topic);
    if (typeof handler !== 'function') throw new ConfigError('onPresence needs a function.');
    this.#presenceHandlers.set(topic, [...(this.#presenceHandlers.get(topic) ?? []), handler]);
  }

  /**
   * Keeps the last messages from now on. Where several patterns take a topic, the narrowest counts: its name, else its
   * longest prefix.
   *
   * @param topic a topic, or a prefix that ends in `*`
   * @throws {ConfigError} for a value out of range
   */
  history(topic: string, options: HistoryOptions): void {
    assertPattern('history', topic);
    const { size, ttlMs } = options;
    assertWhole('size', size, DEFAULTS.maxHistorySize);
    if (ttlMs !== undefined) assertWhole('ttlMs', ttlMs, Number.MAX_SAFE_INTEGER);
    this.#histories.set(topic, { size, ttlMs });
  }

  /** Whether the topic has a history. */
  keeps(topic: string): boolean {
    return this.#histories.find(parseTopic(topic)) !== undefined;
  }

  /** Memberships in those of the topics in which the member is not yet. */
  #add(member: Member, joins: readonly ParsedJoin[]): readonly Membership[] {
    const joined = this.#memberships.get(member) ?? new Map<string, Membership>();
    const fresh = new Map(joins.filter(({ topic }) => !joined.has(topic)).map((join) => [join.topic, join]));
    if (joined.size + fresh.size > DEFAULTS.maxTopicsPerMember) {
      throw new ForbiddenError(`A channel may be in ${DEFAULTS.maxTopicsPerMember} topics at a time.`, {
        code: 'ERR_PORTLIGHT_TOO_MANY_TOPICS',
      });
    }
    if (fresh.size > 0) this.#memberships.set(member, joined);
    return [...fresh.values()].map(({ topic, name, info }) => {
      const membership = new Membership(member, topic, this.#deliveries, this.#log);
      membership.name = name;
      membership.info = info;
      joined.set(topic, membership);
      return membership;
    });
  }

  /** The rest of a join. What fails leaves nothing of it. */
  #complete(memberships: readonly Membership[], since: string | undefined): MaybePromise<void> {
    const replayed =
      since === undefined ? [] : memberships.filter(({ topic }) => this.#histories.find(topic) !== undefined);
    const queue: Delivery[] = [];
    for (const membership of replayed) membership.hold(queue);
    let done: MaybePromise<void>;
    try {
      const ready = whenAll(memberships.map((membership) => this.#enterRoom(membership)));
      const written =
        since === undefined || replayed.length === 0
          ? ready
          : whenReady(ready, () => this.#replay(replayed, since, queue));
      done = whenReady(written, () =>
        whenReady(whenAll(memberships.map((membership) => this.#enterPresence(membership))), () => {}),
      );
    } catch (error) {
      void this.#abandon(memberships);
      throw error;
    }
    if (!(done instanceof Promise)) return;
    const joining = this.#settle(memberships, done);
    for (const membership of memberships) membership.joining = joining;
    return joining;
  }

  async #settle(memberships: readonly Membership[], done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      await this.#abandon(memberships);
      throw error;
    } finally {
      for (const membership of memberships) membership.joining = undefined;
    }
  }

  async #abandon(memberships: readonly Membership[]): Promise<void> {
    try {
      await whenAll(memberships.map((membership) => this.#remove(membership)));
    } catch (error) {
      // What failed before says enough to the caller.
      this.#log.logger.debug({ err: error }, 'A join that failed could not be taken back.');
    }
  }

  /** Delivers what was missed, then what has waited. */
  #replay(memberships: readonly Membership[], since: string, queue: Delivery[]): MaybePromise<void> {
    const reads = memberships.map(({ topic, name }) => this.#shared.bus.read(topic, toSince(since, name)));
    return whenReady(whenAll(reads), (replays) => {
      const missed = replays.flatMap((replay, index) => memberships[index]?.deliveriesOf(replay, since) ?? []);
      if (memberships.length > 1) missed.sort((one, other) => seqOf(one) - seqOf(other));
      for (const { membership, publication, isGap } of missed) membership.deliver(publication, isGap);
      // Grows while it is walked through, when what is delivered leads to something published.
      for (const { membership, publication } of queue) membership.deliverNew(publication);
      for (const membership of memberships) membership.release();
    });
  }

  #enterRoom(membership: Membership): MaybePromise<void> {
    const { topic } = membership;
    const open = this.#rooms.get(topic);
    if (open !== undefined) {
      open.add(membership);
      return open.opening;
    }
    const room = new Room(topic);
    room.add(membership);
    this.#rooms.set(topic, room);
    const subscribed = this.#shared.bus.subscribe(topic);
    if (!(subscribed instanceof Promise)) return;
    room.opening = subscribed.then(() => {
      room.opening = undefined;
    });
    return room.opening;
  }

  #enterPresence(membership: Membership): MaybePromise<void> {
    const { topic, member, name, info, isOver } = membership;
    if (isOver || name === undefined) return;
    membership.isPresent = true;
    return this.#shared.bus.enter(topic, name, member.id, info);
  }

  #exitPresence(membership: Membership): MaybePromise<void> {
    const { topic, member, name, isPresent } = membership;
    if (!isPresent || name === undefined) return;
    membership.isPresent = false;
    return this.#shared.bus.exit(topic, name, member.id, this.#histories.find(topic) !== undefined);
  }

  /** A second join. Waits for the first. */
  #rename(membership: Membership, name: string | undefined, info: string | undefined): MaybePromise<void> {
    return whenReady(membership.joining, () => {
      const isOther = name !== undefined && name !== membership.name;
      if (membership.isOver || (!isOther && (info === undefined || info === membership.info))) return;
      const exited = isOther ? this.#exitPresence(membership) : undefined;
      const room = this.#rooms.get(membership.topic);
      room?.delete(membership);
      membership.name = name ?? membership.name;
      membership.info = info ?? membership.info;
      room?.add(membership);
      return whenReady(whenAll([exited, this.#enterPresence(membership)]), () => {});
    });
  }

  #remove(membership: Membership): MaybePromise<void> {
    const { member, topic } = membership;
    const memberships = this.#memberships.get(member);
    if (membership.isOver || memberships === undefined) return;
    membership.isOver = true;
    memberships.delete(topic);
    if (memberships.size === 0) this.#memberships.delete(member);
    const unsubscribed = this.#leaveRoom(membership);
    const exited = this.#exitPresence(membership);
    return whenReady(whenAll([unsubscribed, exited]), () => {});
  }

  #leaveRoom(membership: Membership): MaybePromise<void> {
    const room = this.#rooms.get(membership.topic);
    room?.delete(membership);
    if (room === undefined || room.members.size > 0) return;
    this.#rooms.delete(room.topic);
    return this.#shared.bus.unsubscribe(room.topic);
  }

  #receive(message: BusMessage): number {
    this.#deliveries += 1;
    const room = this.#rooms.get(message.topic);
    // What arrives before a subscription is confirmed may be left over from one that ended.
    if (room === undefined || room.opening !== undefined) return 0;
    const publication = new Publication(message);
    const delivery = this.#deliveries;
    let subscribers = 0;
    for (const membership of message.user === undefined ? room.members : room.named(message.user)) {
      // One that joins meanwhile is found here too.
      if (membership.birth === delivery || membership.member.id === message.except) continue;
      membership.take(publication);
      subscribers += 1;
    }
    return subscribers;
  }

  #memberChanged({ topic, kind, member, info }: MemberChange): void {
    for (const handler of this.#presenceHandlers.findAll(topic).flat())
      void this.#tell(handler, { topic, kind, member, info: decodeInfo(info) });
  }

  async #tell(handler: PresenceHandler, change: PresenceChange): Promise<void> {
    try {
      await handler(change);
    } catch (error) {
      this.#log.logger.error(
        { err: error, topic: change.topic, member: change.member, kind: change.kind },
        'A presence handler failed.',
      );
    }
  }
}

function toSince(since: string, member: string | undefined): Since {
  if (since === 'earliest') return 'earliest';
  return since === 'left' && member !== undefined ? { left: member } : { position: since };
}

function seqOf({ publication }: Delivery): number {
  return publication.place?.seq ?? 0;
}

function decodeInfo(info: string | undefined): unknown {
  return info === undefined ? undefined : JSON.parse(info);
}

function assertPattern(method: string, topic: unknown): void {
  if (typeof topic === 'string' && topic !== '' && topic.length <= DEFAULTS.maxTopicLength) return;
  throw new ConfigError(
    `${method} needs the name of a topic, or a prefix that ends in *; at most ${DEFAULTS.maxTopicLength} characters.`,
  );
}

function assertWhole(name: string, value: unknown, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new ConfigError(
    `The option ${name} of history is a whole number from 1 to ${most}, not ${String(value)}.`,
    'ERR_PORTLIGHT_INVALID_OPTION',
  );
}

function parseJoin({ topic, member, info }: TopicJoin): ParsedJoin {
  return {
    topic: parseTopic(topic),
    name: member === undefined ? undefined : parseMemberName(member),
    info: info === undefined ? undefined : encodeData(info, 'The info of a member'),
  };
}
