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
  hasFailed: boolean;
}

/**
 * The backplane of one server, open from when something of it is asked for until the server has stopped. It owns every
 * call whose result nobody waits for: what is shared may be out of reach, and that must not end the process.
 */
export class SharedState {
  readonly #log: LogHolder;
  #backplane: Backplane | undefined;
  #isAlone = true;
  #receiver: BusReceiver | undefined;
  #watcher: ClientWatcher | undefined;
  #isConnected = false;
  /** `undefined` before the first use, and again when it is closed. */
  #opening: Opening | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;
  /** Of calls that nobody waits for, by what is said of them. */
  readonly #outages: Map<string, Outage> = new Map();

  constructor(log: LogHolder) {
    this.#log = log;
  }

  /** @throws {ConfigError} when another one is in use already */
  use(backplane: Backplane): void {
    if (this.#isConnected) throw new ConfigError('The backplane has to be given before anything uses it.');
    this.#backplane = backplane;
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
   * @throws what the backplane throws
   * @throws {BackplaneError} when it takes longer than 10 s
   */
  open(): Promise<void> {
    this.#isClosed = false;
    if (this.#opening === undefined || this.#opening.hasFailed) this.#opening = this.#startOpening();
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
    return new Outage(this.#log, sentence);
  }

  #outageOf(sentence: string): Outage {
    const outage = this.#outages.get(sentence) ?? this.outage(sentence);
    this.#outages.set(sentence, outage);
    return outage;
  }

  #reach(): Backplane {
    if (this.#opening === undefined && !this.#isClosed) this.own(this.open(), 'The backplane could not be opened.');
    return this.#backplane as Backplane;
  }

  #startOpening(): Opening {
    const opening: Opening = {
      done: this.#open().catch((error: unknown) => {
        opening.hasFailed = true;
        throw error;
      }),
      hasFailed: false,
    };
    return opening;
  }

  async #open(): Promise<void> {
    const opened = this.#connect().open();
    if (isPromiseLike(opened)) await inTime(opened, DEFAULTS.backplaneOpenMs, tookTooLong);
  }

  async #close(limitMs: number): Promise<void> {
    try {
      const closed = this.#backplane?.close();
      if (isPromiseLike(closed)) await inTime(closed, limitMs, 'The close of the backplane');
    } catch (error) {
      this.#log.logger.error({ err: error }, 'The backplane could not be closed.');
    }
  }

  #connect(): Backplane {
    const backplane = (this.#backplane ??= new MemoryBackplane());
    if (this.#isConnected) return backplane;
    this.#isConnected = true;
    const [receiver, watcher] = [this.#receiver, this.#watcher];
    if (receiver !== undefined) this.own(() => backplane.bus.connect(receiver), 'The bus tells this process nothing.');
    if (watcher !== undefined)
      this.own(() => backplane.clients.connect(watcher), 'The store of clients tells this process nothing.');
    return backplane;
  }
}

function tookTooLong(): BackplaneError {
  return new BackplaneError(`The backplane was not open within ${DEFAULTS.backplaneOpenMs} ms.`);
}
