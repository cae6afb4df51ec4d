import type { ClientStore } from '../backplane/client-store.ts';
import { notNow } from '../backplane/not-now.ts';
import type { Outage } from '../backplane/outage.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { DEFAULTS } from '../defaults.ts';
import type { ServiceUnavailableError } from '../errors/http-error.ts';
import { inTime } from '../in-time.ts';

const UNCOUNTED = 'Requests of clients could not be counted.';

/** Asks the store of clients, which may fail or take too long, and tells of that once. */
export class ClientDesk {
  readonly outage: Outage;
  readonly #shared: SharedState;
  readonly #uncounted: Outage;

  constructor(shared: SharedState) {
    this.#shared = shared;
    this.outage = shared.outage('The store of clients fails; who is connected is not known.');
    this.#uncounted = shared.outage(UNCOUNTED);
  }

  /** Counts a request, if the client is connected. Waits for nothing, and never throws. */
  noteRequest(id: string): void {
    try {
      const outcome: unknown = this.#shared.clients.noteRequest(id);
      if (outcome === undefined) this.#uncounted.end();
      else this.#shared.own(outcome, UNCOUNTED);
    } catch (error) {
      this.#uncounted.begin(error);
    }
  }

  /**
   * Whether a client is connected, for a request that waits for it. Rejects with a {@link ServiceUnavailableError} when
   * that cannot be known; never throws.
   */
  isConnected(id: string): boolean | Promise<boolean> {
    try {
      const isConnected: unknown = this.#shared.clients.has(id);
      if (typeof isConnected === 'boolean') return isConnected;
      return this.reach(isConnected as Promise<boolean>);
    } catch (error) {
      return Promise.reject(this.#fail(error));
    }
  }

  /**
   * The answer of the store, if it comes in time. Nobody has to wait for it: a rejection does not end the process.
   *
   * @throws {ServiceUnavailableError} when it does not
   */
  ask<Answer>(call: (store: ClientStore) => Answer | Promise<Answer>): Promise<Answer> {
    const asked = this.reach((async () => call(this.#shared.clients))());
    asked.catch(() => undefined);
    return asked;
  }

  async reach<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const limitMs = DEFAULTS.storeTimeoutMs;
    try {
      const value = await inTime(answer, limitMs, () => new Error(`There was no answer within ${limitMs} ms.`));
      this.outage.end();
      return value;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #fail(error: unknown): ServiceUnavailableError {
    this.outage.begin(error);
    return notNow('Who is connected cannot be known at the moment.', error);
  }
}
