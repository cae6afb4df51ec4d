import { randomBytes } from 'node:crypto';
import { DEFAULTS } from '../defaults.ts';
import { type PassedMessage, parsePosition, type Position, type Replay, type Retention, type Since } from './bus.ts';
import { pairKey } from './pair-key.ts';
import { RecentMap } from './recent-map.ts';

/** About what an entry takes beside its payload. */
const ENTRY_BYTES = 512;

interface Entry {
  readonly message: PassedMessage;
  readonly seq: number;
  readonly bytes: number;
  readonly expiresAt: number;
  /** From when on nobody is given it any more. */
  readonly staleAt: number;
  readonly log: Log;
  readonly line: Line;
  /** The next one of the topic. */
  next: Entry | undefined;
  /** Its neighbours in the line. */
  older: Entry | undefined;
  newer: Entry | undefined;
}

/** What is kept of one topic: always its latest messages, without a hole. */
interface Log {
  readonly topic: string;
  first: Entry | undefined;
  last: Entry | undefined;
  count: number;
  /** The seq up to which messages are no longer there. */
  lost: number;
  /** The seq of the topic's last message, also where that one was not kept. */
  passed: number;
}

/** Entries that are kept for the same time, so that the oldest is the first to expire. */
interface Line {
  readonly ttlMs: number;
  oldest: Entry | undefined;
  newest: Entry | undefined;
}

export interface MemoryHistoryOptions {
  /** Of all topics together. */
  readonly maxBytes?: number;
  /** How many topics may be remembered of which nothing is kept any more, but something was. */
  readonly maxQuiet?: number;
  /** How many departures are remembered. */
  readonly maxDepartures?: number;
  /** A clock in ms that only goes on. */
  readonly now?: () => number;
}

/**
 * The last messages of topics, in the memory of one process, and the numbers that all messages have. No timer: what has
 * expired goes with the next look.
 */
export class MemoryHistory {
  readonly #epoch: string = randomBytes(8).toString('hex');
  readonly #logs: Map<string, Log> = new Map();
  /** By the time for which they keep. There are as many as the app has such times. */
  readonly #lines: Map<number, Line> = new Map();
  /** Up to where topics have lost messages of which nothing else is left. */
  readonly #quiet: RecentMap<number>;
  readonly #departures: RecentMap<number>;
  readonly #maxBytes: number;
  readonly #now: () => number;
  #seq = 0;
  #bytes = 0;
  /** A topic that is not remembered has lost nothing behind this seq. */
  #forgotten = 0;

  constructor(options: MemoryHistoryOptions = {}) {
    this.#maxBytes = options.maxBytes ?? DEFAULTS.maxHistoryBytes;
    this.#now = options.now ?? (() => performance.now());
    this.#quiet = new RecentMap(options.maxQuiet ?? DEFAULTS.maxQuietTopics, (seqs) => {
      for (const seq of seqs) this.#forgotten = Math.max(this.#forgotten, seq);
    });
    this.#departures = new RecentMap(options.maxDepartures ?? DEFAULTS.maxDepartures);
  }

  /** About what all of it takes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many topics have something kept. */
  get topics(): number {
    return this.#logs.size;
  }

  /** Where the last message of all topics stands. */
  get position(): Position {
    return { epoch: this.#epoch, seq: this.#seq };
  }

  /** The position of the next message. */
  number(): Position {
    this.#seq += 1;
    return this.position;
  }

  /** @returns the seq of the topic's last message; `undefined` where nothing of the topic is kept */
  lastOf(topic: string): number | undefined {
    return this.#logs.get(topic)?.passed;
  }

  append(message: PassedMessage, keep: Retention): void {
    this.#dropExpired();
    const log = this.#logOf(message.topic);
    this.#add(log, message, keep);
    log.passed = message.position.seq;
    while (log.count > keep.size) this.#dropFirst(log);
    while (this.#bytes > this.#maxBytes) this.#dropOldest();
  }

  /** A message that was not kept. */
  pass({ topic, position }: PassedMessage): void {
    const log = this.#logs.size === 0 ? undefined : this.#logs.get(topic);
    if (log !== undefined) log.passed = position.seq;
  }

  read(topic: string, since: Since): Replay {
    this.#dropExpired();
    const log = this.#logs.get(topic);
    const lost = log?.lost ?? this.#quiet.get(topic) ?? this.#forgotten;
    const after = this.#seqOf(topic, since);
    if (after !== undefined && after >= lost)
      return { gap: undefined, messages: messagesAfter(log, after, this.#now()) };
    return {
      gap: since === 'earliest' ? undefined : { epoch: this.#epoch, seq: lost },
      messages: messagesAfter(log, lost, this.#now()),
    };
  }

  depart(topic: string, member: string): void {
    this.#departures.set(pairKey(topic, member), this.#seq);
  }

  /** @returns behind which seq the wanted messages are; `undefined` where that cannot be told */
  #seqOf(topic: string, since: Since): number | undefined {
    if (since === 'earliest') return undefined;
    if ('left' in since) return this.#departures.get(pairKey(topic, since.left));
    const position = parsePosition(since.position);
    return position?.epoch === this.#epoch && position.seq <= this.#seq ? position.seq : undefined;
  }

  #logOf(topic: string): Log {
    const present = this.#logs.get(topic);
    if (present !== undefined) return present;
    const log: Log = {
      topic,
      first: undefined,
      last: undefined,
      count: 0,
      passed: 0,
      lost: this.#quiet.get(topic) ?? this.#forgotten,
    };
    this.#quiet.delete(topic);
    this.#logs.set(topic, log);
    return log;
  }

  #add(log: Log, message: PassedMessage, { ttlMs = Infinity, freshMs = Infinity }: Retention): void {
    const line = this.#lines.get(ttlMs) ?? { ttlMs, oldest: undefined, newest: undefined };
    this.#lines.set(ttlMs, line);
    const now = this.#now();
    const entry: Entry = {
      message,
      seq: message.position.seq,
      bytes: sizeOf(message),
      expiresAt: now + ttlMs,
      staleAt: now + freshMs,
      log,
      line,
      next: undefined,
      older: line.newest,
      newer: undefined,
    };
    if (line.newest === undefined) line.oldest = entry;
    else line.newest.newer = entry;
    line.newest = entry;
    if (log.last === undefined) log.first = entry;
    else log.last.next = entry;
    log.last = entry;
    log.count += 1;
    this.#bytes += entry.bytes;
  }

  #dropExpired(): void {
    const now = this.#now();
    for (const line of this.#lines.values()) {
      while (line.oldest !== undefined && line.oldest.expiresAt <= now) this.#dropThrough(line.oldest);
    }
  }

  #dropOldest(): void {
    let oldest: Entry | undefined;
    for (const line of this.#lines.values()) {
      if (line.oldest !== undefined && (oldest === undefined || line.oldest.seq < oldest.seq)) oldest = line.oldest;
    }
    if (oldest !== undefined) this.#dropThrough(oldest);
  }

  /** The entry and those of its topic before it, which would leave a hole behind them. */
  #dropThrough({ log, seq }: Entry): void {
    while (log.first !== undefined && log.first.seq <= seq) this.#dropFirst(log);
  }

  #dropFirst(log: Log): void {
    const entry = log.first;
    if (entry === undefined) return;
    log.first = entry.next;
    log.count -= 1;
    log.lost = entry.seq;
    this.#bytes -= entry.bytes;
    this.#unline(entry);
    if (log.first !== undefined) return;
    log.last = undefined;
    this.#logs.delete(log.topic);
    this.#quiet.set(log.topic, log.lost);
  }

  #unline({ line, older, newer }: Entry): void {
    if (older === undefined) line.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) line.newest = older;
    else newer.older = older;
    if (line.oldest === undefined) this.#lines.delete(line.ttlMs);
  }
}

/** Who has seen what is in front of those that are stale misses nothing behind them. */
function messagesAfter(log: Log | undefined, seq: number, now: number): readonly PassedMessage[] {
  const messages: PassedMessage[] = [];
  let prev: number | undefined;
  for (let entry = log?.first; entry !== undefined; entry = entry.next) {
    if (entry.seq <= seq) continue;
    const { message } = entry;
    if (entry.staleAt <= now) prev ??= message.prev;
    else {
      messages.push(prev === undefined ? message : { ...message, prev });
      prev = undefined;
    }
  }
  return messages;
}

function sizeOf({ payload, topic }: PassedMessage): number {
  return ENTRY_BYTES + topic.length + (typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength);
}
