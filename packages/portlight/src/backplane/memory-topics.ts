import { DEFAULTS } from '../defaults.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import type {
  BusMessage,
  BusReceiver,
  ChannelPresence,
  MemberChange,
  PassedMessage,
  Position,
  PresentMember,
  ProcessState,
  Published,
  PublishTerms,
  Replay,
  Since,
} from './bus.ts';
import { MemoryHistory, type MemoryHistoryOptions } from './memory-history.ts';
import { MemoryPresence } from './memory-presence.ts';
import { pairKey } from './pair-key.ts';
import { RecentMap } from './recent-map.ts';

/** One process that takes part. */
export interface TopicsEnd {
  /** Is given payloads in the form in which they were published: text may be UTF-8 still. */
  readonly receiver: BusReceiver;
  /** How many channels it has, by topic; kept by the topics. */
  readonly interests: Map<string, number>;
}

export interface MemoryTopicsOptions extends MemoryHistoryOptions {
  /** How many ids of publications are remembered. */
  readonly maxPublishIds?: number;
}

const NOTHING_MISSED: Replay = { gap: undefined, messages: [] };

/**
 * What the ends of a bus in memory share: it numbers all messages, passes them on, and knows who is where. It never
 * looks at a payload, which may be bytes of UTF-8 where the form is text.
 *
 * Only a message that is published while another is being passed on waits for that one, so that all channels see both
 * in one order.
 */
export class MemoryTopics {
  readonly #history: MemoryHistory;
  readonly #presence: MemoryPresence = new MemoryPresence();
  readonly #ends: Set<TopicsEnd> = new Set();
  /** Of the topics in which there is interest, the seq of the last message, or one behind which there is none. */
  readonly #lasts: Map<string, number> = new Map();
  /** What was answered to publications that have an id. */
  readonly #answers: RecentMap<{ readonly published: Published; readonly expiresAt: number }>;
  /** Changes that an end was told of and has not acknowledged; as long as there is another that could be told. */
  readonly #unacknowledged: Map<MemberChange, TopicsEnd> = new Map();
  readonly #now: () => number;
  /** What was published meanwhile; `undefined` while nothing is being passed on. */
  #waiting: (() => void)[] | undefined;

  constructor(options: MemoryTopicsOptions = {}) {
    this.#history = new MemoryHistory(options);
    this.#answers = new RecentMap(options.maxPublishIds ?? DEFAULTS.maxPublishIds);
    this.#now = options.now ?? (() => performance.now());
  }

  /** Of how many topics something is held, and about how many bytes of history. */
  get sizes(): {
    readonly topics: number;
    readonly presence: number;
    readonly histories: number;
    readonly historyBytes: number;
  } {
    return {
      topics: this.#lasts.size,
      presence: this.#presence.size,
      histories: this.#history.topics,
      historyBytes: this.#history.bytes,
    };
  }

  add(end: TopicsEnd): void {
    this.#ends.add(end);
  }

  /** The process is gone, and all that it had. */
  delete(end: TopicsEnd): void {
    if (!this.#ends.delete(end)) return;
    this.#lose(end);
    for (const [change, teller] of [...this.#unacknowledged]) if (teller === end) this.#tell(change, end);
  }

  setInterest(end: TopicsEnd, topic: string, channels: number): Position {
    const { epoch, seq } = this.#history.position;
    const last = this.#lastOf(topic) ?? seq;
    if (channels > 0) {
      end.interests.set(topic, channels);
      this.#lasts.set(topic, last);
    } else if (end.interests.delete(topic) && !this.#isWanted(topic)) this.#lasts.delete(topic);
    return { epoch, seq: last };
  }

  publish(message: BusMessage, terms: PublishTerms): Published | Promise<Published> {
    const waiting = this.#waiting;
    if (waiting !== undefined) return new Promise((resolve) => waiting.push(() => resolve(this.#pass(message, terms))));
    const following: (() => void)[] = (this.#waiting = []);
    try {
      const published = this.#pass(message, terms);
      // Grows while it is walked through.
      for (const pass of following) pass();
      return published;
    } finally {
      this.#waiting = undefined;
    }
  }

  read(topic: string, since: Since): Replay {
    const isThere = typeof since === 'object' && 'left' in since && this.#presence.has(topic, since.left);
    return isThere ? NOTHING_MISSED : this.#history.read(topic, since);
  }

  enter(end: TopicsEnd, presence: ChannelPresence): void {
    const { topic, member, info } = presence;
    if (this.#presence.enter(end, presence)) this.#tell({ topic, kind: 'joined', member, info }, end);
  }

  exit(end: TopicsEnd, topic: string, member: string, channel: string): void {
    const left = this.#presence.exit(topic, member, channel);
    if (left === undefined) return;
    if (left.remember) this.#history.depart(topic, member);
    this.#tell({ topic, kind: 'left', member, info: left.info }, end);
  }

  presence(topic: string): readonly PresentMember[] {
    return this.#presence.list(topic);
  }

  restate(end: TopicsEnd, { interests, presences }: ProcessState): ReadonlyMap<string, Position> {
    const standings = new Map(
      interests.map(({ topic, channels }) => [topic, this.setInterest(end, topic, channels)] as const),
    );
    for (const presence of presences) this.enter(end, presence);
    this.#lose(end, { interests, presences });
    return standings;
  }

  #pass(message: BusMessage, terms: PublishTerms): Published {
    const { topic } = message;
    const key = terms.once === undefined ? undefined : pairKey(topic, terms.once.id);
    const answered = key === undefined ? undefined : this.#answers.get(key);
    if (answered !== undefined && this.#now() < answered.expiresAt) return answered.published;
    const passed = this.#number(message, terms.keep !== undefined);
    if (terms.keep === undefined) this.#history.pass(passed);
    else this.#history.append(passed, terms.keep);
    if (this.#lasts.has(topic)) this.#lasts.set(topic, passed.position.seq);
    const published = { position: passed.position, subscribers: this.#count(message, terms.isExceptThere) };
    if (terms.once !== undefined && key !== undefined)
      this.#answers.set(key, { published, expiresAt: this.#now() + terms.once.ttlMs });
    for (const { interests, receiver } of this.#ends) if (interests.has(topic)) receiver.receive(passed);
    return published;
  }

  #number({ topic, form, payload, event, except, user }: BusMessage, isKept: boolean): PassedMessage {
    const position = this.#history.number();
    const prev = this.#lastOf(topic) ?? position.seq - 1;
    return { topic, form, payload, event, except, user, position, prev, isKept };
  }

  #lastOf(topic: string): number | undefined {
    return this.#lasts.get(topic) ?? this.#history.lastOf(topic);
  }

  #count({ topic, user, except }: BusMessage, isExceptThere: boolean): number {
    if (user !== undefined) return this.#presence.count(topic, user, except);
    let channels = isExceptThere ? -1 : 0;
    for (const { interests } of this.#ends) channels += interests.get(topic) ?? 0;
    return Math.max(0, channels);
  }

  #isWanted(topic: string): boolean {
    for (const { interests } of this.#ends) if (interests.has(topic)) return true;
    return false;
  }

  /** Takes from an end what it no longer has. */
  #lose(end: TopicsEnd, left: ProcessState = NOTHING): void {
    const topics = new Set(left.interests.map(({ topic }) => topic));
    for (const topic of end.interests.keys()) if (!topics.has(topic)) this.setInterest(end, topic, 0);
    const kept = new Set(left.presences.map(({ topic, member, channel }) => JSON.stringify([topic, member, channel])));
    for (const { topic, member, channel } of this.#presence.ownedBy(end))
      if (!kept.has(JSON.stringify([topic, member, channel]))) this.exit(end, topic, member, channel);
  }

  #tell(change: MemberChange, end: TopicsEnd): void {
    this.#unacknowledged.delete(change);
    // The latest comer: the first may be the primary, which has other work.
    const teller = this.#ends.has(end) ? end : [...this.#ends].at(-1);
    const answer = teller?.receiver.memberChanged(change);
    if (teller === undefined || this.#ends.size < 2 || !isPromiseLike(answer)) return;
    this.#unacknowledged.set(change, teller);
    const acknowledge = (): void => {
      if (this.#unacknowledged.get(change) === teller) this.#unacknowledged.delete(change);
    };
    answer.then(acknowledge, acknowledge);
  }
}

const NOTHING: ProcessState = { interests: [], presences: [] };
