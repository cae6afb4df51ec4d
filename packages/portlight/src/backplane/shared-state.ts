import { BackplaneError } from '../errors/backplane-error.ts';
import { ConfigError } from '../errors/config-error.ts';
import { DEFAULTS } from '../defaults.ts';
import { inTime } from '../in-time.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import type { LogHolder } from '../log.ts';
import type { Backplane } from './backplane.ts';
import type { BusReceiver } from './bus.ts';
import type { ClientWatcher } from './client-store.ts';
import { MemoryBackplane } from './memory-backplane.ts';
import { Outage } from './outage.ts';

interface Opening {
  readonly done: Promise<void>;
  /** When it did, on the clock of `performance`; `undefined` while it is under way, or when it is done. */
  failedAt: number | undefined;
}

/** What this process uses as its backplane. */
export interface OwnBackplane {
  /** Whether nobody else can be behind it where none is given: every answer is there at once. */
  readonly isAlone: boolean;
  /** Called once, when something of it is asked for. @param given the one that the app has given, if any */
  readonly make: (given: Backplane | undefined) => Backplane;
}

const ALONE: OwnBackplane = { isAlone: true, make: (given) => given ?? new MemoryBackplane() };

/**
 * The backplane of one server, open from when something of it is asked for until the server has stopped. It owns every
 * call whose result nobody waits for: what is shared may be out of reach, and that must not end the process.
 */
export class SharedState {
  readonly #log: LogHolder;
  #given: Backplane | undefined;
  /** The one in use. */
  #backplane: Backplane | undefined;
  /** The given one, and its parts that are told who listens: these cannot tell two servers. */
  #owned: readonly object[] = [];
  #isAlone: boolean;
  readonly #own: OwnBackplane;
  #receiver: BusReceiver | undefined;
  #watcher: ClientWatcher | undefined;
  /** Whether it was opened ever, so that no other can be given. */
  #isUsed = false;
  /** The parts that know who listens. */
  readonly #connected: Set<object> = new Set();
  /** `undefined` before the first use, and again when it is closed. */
  #opening: Opening | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  /** Of calls that nobody waits for, by what is said of them. */
  readonly #outages: Map<string, Outage> = new Map();
  readonly #toldOutages: Set<Outage> = new Set();

  constructor(log: LogHolder, own: OwnBackplane = ALONE) {
    this.#log = log;
    this.#own = own;
    this.#isAlone = own.isAlone;
  }

  /** @throws {ConfigError} when another one is in use already, or this one belongs to another server */
  use(backplane: Backplane): void {
    if (this.#isUsed) throw new ConfigError('The backplane has to be given before anything uses it.');
    const parts = [backplane, backplane.bus, backplane.clients];
    if (parts.some((part) => (OWNERS.get(part) ?? this) !== this))
      throw new ConfigError('This backplane is that of another server; each server needs an end of its own.');
    for (const part of this.#owned) OWNERS.delete(part);
    for (const part of parts) OWNERS.set(part, this);
    this.#owned = parts;
    this.#given = backplane;
    this.#isAlone = false;
  }

  /** Who gets the messages; to be said before anything is used. */
  receive(receiver: BusReceiver): void {
    this.#receiver = receiver;
  }

  /** Who is told of clients whose process is gone; to be said before anything is used. */
  watchClients(watcher: ClientWatcher): void {
    this.#watcher = watcher;
  }

  /** The one that the app has given, if any. */
  get given(): Backplane | undefined {
    return this.#given;
  }

  /** Whether this process uses the one that the app has given, by a way of its own. */
  get isGiven(): boolean {
    return this.#given !== undefined && this.#backplane === this.#given;
  }

  /** Whether nobody else can be behind it: it is the memory of this process, and every answer is there at once. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  get limits(): Backplane['limits'] {
    return this.#reach().limits;
  }

  get clients(): Backplane['clients'] {
    return this.#reach().clients;
  }

  get bus(): Backplane['bus'] {
    return this.#reach().bus;
  }

  get values(): Backplane['values'] {
    return this.#reach().values;
  }

  /**
   * Resolves when it can be used. Where it could not be opened before, tries again.
   *
   * @param limitMs how long that may take where it begins now; never longer than 10 s
   * @throws what the backplane throws, or a part of it that is told who listens
   * @throws {BackplaneError} when it takes longer
   */
  open(limitMs: number = DEFAULTS.backplaneOpenMs): Promise<void> {
    this.#isClosed = false;
    const mostMs = Math.min(limitMs, DEFAULTS.backplaneOpenMs);
    if (this.#opening === undefined) this.#opening = this.#startOpening(false, mostMs);
    else if (this.#opening.failedAt !== undefined) this.#opening = this.#startOpening(true, mostMs);
    return this.#opening.done;
  }

  /**
   * Never rejects. Without an `open` it is not opened again.
   *
   * @param limitMs how long it is waited for; never longer than a second
   */
  async close(limitMs: number = DEFAULTS.storeTimeoutMs): Promise<void> {
    if (this.#opening === undefined) return this.#closing;
    this.#opening = undefined;
    this.#isClosed = true;
    this.#closing = this.#close(Math.min(limitMs, DEFAULTS.storeTimeoutMs));
    return this.#closing;
  }

  /**
   * Owns a call that nobody waits for. Of calls that go on failing the first is logged.
   *
   * @param work what came of the call; or the call, which may throw
   * @param sentence what it means when it fails, one of a few
   */
  own(work: unknown, sentence: string): void {
    try {
      const outcome: unknown = typeof work === 'function' ? (work as () => unknown)() : work;
      if (!isPromiseLike(outcome)) return;
      outcome.then(
        () => this.#outages.get(sentence)?.end(),
        (error: unknown) => this.#outageOf(sentence).begin(error),
      );
    } catch (error) {
      this.#outageOf(sentence).begin(error);
    }
  }

  /** To tell of calls that somebody waits for, and that may fail with every request. */
  outage(sentence: string | (() => string)): Outage {
    return new Outage(this.#log, sentence, this.#toldOutages);
  }

  #outageOf(sentence: string): Outage {
    const outage = this.#outages.get(sentence) ?? this.outage(sentence);
    this.#outages.set(sentence, outage);
    return outage;
  }

  /** Opens it, where nobody has done that; where that has failed, again, once a second. */
  #reach(): Backplane {
    const { failedAt } = this.#opening ?? { failedAt: -Infinity };
    if (failedAt !== undefined && !this.#isClosed && performance.now() - failedAt >= DEFAULTS.storeProbeMs)
      this.own(this.open(), 'The backplane could not be opened.');
    return this.#backplane as Backplane;
  }

  /** @param isAgain after an `open` that failed, which a `close` follows in any case */
  #startOpening(isAgain: boolean, limitMs: number): Opening {
    const run = async (): Promise<void> => {
      if (isAgain) await this.#leave(DEFAULTS.storeTimeoutMs).catch(() => undefined);
      // It may be over meanwhile.
      if (!isAgain || this.#opening === opening) await this.#open(limitMs);
    };
    const opening: Opening = { failedAt: undefined, done: run().catch(fail) };
    function fail(error: unknown): never {
      opening.failedAt = performance.now();
      throw error;
    }
    return opening;
  }

  async #open(limitMs: number): Promise<void> {
    this.#isUsed = true;
    const backplane = (this.#backplane ??= this.#make());
    const { bus, clients } = backplane;
    const [receiver, watcher] = [this.#receiver, this.#watcher];
    const asked = [
      receiver && this.#connect(bus, () => bus.connect(receiver)),
      watcher && this.#connect(clients, () => clients.connect(watcher)),
      backplane.open(),
    ];
    if (asked.some(isPromiseLike)) await inTime(Promise.all(asked), limitMs, () => tookTooLong(limitMs));
  }

  #make(): Backplane {
    const backplane = this.#own.make(this.#given);
    const outage = this.outage('What this server shares with others is out of reach. It goes on by itself meanwhile.');
    backplane.watch?.({ away: (error) => outage.begin(error), back: () => outage.end() });
    return backplane;
  }

  /** Tells a part who listens, once. What a promise of it rejects with fails the `open` too. */
  #connect(part: object, connect: () => unknown): unknown {
    if (this.#connected.has(part)) return undefined;
    const told = connect();
    this.#connected.add(part);
    if (isPromiseLike(told)) told.then(undefined, () => this.#connected.delete(part));
    return told;
  }

  async #close(limitMs: number): Promise<void> {
    try {
      await this.#leave(limitMs);
    } catch (error) {
      this.#log.logger.error({ err: error }, 'The backplane could not be closed.');
    }
  }

  async #leave(limitMs: number): Promise<void> {
    const closed = this.#backplane?.close();
    if (isPromiseLike(closed)) await inTime(closed, limitMs, 'The close of the backplane');
  }
}

/** Whose backplanes and parts of them are, from when they are given. */
const OWNERS = new WeakMap<object, SharedState>();

function tookTooLong(limitMs: number): BackplaneError {
  return new BackplaneError(`The backplane was not open within ${limitMs} ms.`);
}
