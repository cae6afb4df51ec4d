import { ConfigError } from '../errors/config-error.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import type { LogHolder } from '../log.ts';
import type { Backplane } from './backplane.ts';
import type { BusReceiver } from './bus.ts';
import { MemoryBackplane } from './memory-backplane.ts';

/**
 * The backplane of one server, open from when something of it is asked for until the server has stopped. It owns every
 * call whose result nobody waits for: what is shared may be out of reach, and that must not end the process.
 */
export class SharedState {
  readonly #log: LogHolder;
  #backplane: Backplane | undefined;
  #receiver: BusReceiver | undefined;
  #isConnected = false;
  /** `undefined` before the first use, and again when it is closed. */
  #opening: Promise<void> | undefined;
  #isClosed = false;

  constructor(log: LogHolder) {
    this.#log = log;
  }

  /** @throws {ConfigError} when another one is in use already */
  use(backplane: Backplane): void {
    if (this.#isConnected) throw new ConfigError('The backplane has to be given before anything uses it.');
    this.#backplane = backplane;
  }

  /** Who gets the messages; to be said before anything is used. */
  receive(receiver: BusReceiver): void {
    this.#receiver = receiver;
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

  /** Resolves when it can be used. @throws what the backplane throws */
  open(): Promise<void> {
    const backplane = this.#connect();
    this.#isClosed = false;
    this.#opening ??= Promise.resolve(backplane.open());
    return this.#opening;
  }

  /** Never rejects. Without an `open` it is not opened again. */
  async close(): Promise<void> {
    if (this.#opening === undefined) return;
    this.#opening = undefined;
    this.#isClosed = true;
    try {
      await this.#backplane?.close();
    } catch (error) {
      this.#log.logger.error({ err: error }, 'The backplane could not be closed.');
    }
  }

  /** Owns a call that nobody waits for. @param sentence what it means when it fails */
  own(outcome: unknown, sentence: string): void {
    if (!isPromiseLike(outcome)) return;
    outcome.then(undefined, (error: unknown) => this.#log.logger.warn({ err: error }, sentence));
  }

  #reach(): Backplane {
    if (this.#opening === undefined && !this.#isClosed) this.own(this.open(), 'The backplane could not be opened.');
    return this.#backplane as Backplane;
  }

  #connect(): Backplane {
    this.#backplane ??= new MemoryBackplane();
    if (!this.#isConnected && this.#receiver !== undefined) this.#backplane.bus.connect(this.#receiver);
    this.#isConnected = true;
    return this.#backplane;
  }
}
