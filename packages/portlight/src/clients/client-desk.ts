import type { ClientStore } from '../backplane/client-store.ts';
import { notNow } from '../backplane/not-now.ts';
import type { Outage } from '../backplane/outage.ts';
import { Patience } from '../backplane/patience.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import type { ServiceUnavailableError } from '../errors/http-error.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import { ANSWERS } from './client-answers.ts';

const UNCOUNTED = 'Requests of clients could not be counted.';

/** Asks the store of clients, which may fail, answer anything or take too long, and tells of that once. */
export class ClientDesk {
  readonly #outage: Outage;
  readonly #shared: SharedState;
  readonly #uncounted: Outage;

  constructor(shared: SharedState) {
    this.#shared = shared;
    this.#outage = shared.outage('The store of clients fails; who is connected is not known.');
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
   *
   * @param of the request
   */
  isConnected(id: string, of: () => Patience): boolean | Promise<boolean> {
    try {
      const answer: unknown = this.#shared.clients.has(id);
      if (isPromiseLike(answer)) return this.#reach(Promise.resolve(answer).then(ANSWERS.has), of());
      return ANSWERS.has(answer);
    } catch (error) {
      return Promise.reject(this.#fail(error));
    }
  }

  /**
   * The answer of the store, if it comes in time and is one. Nobody has to wait for it: a rejection does not end the
   * process.
   *
   * @param read gives an answer back, or throws
   * @param onLate gets an answer that comes when nobody waits for it any more
   * @throws {ServiceUnavailableError} when there is none
   */
  ask<Answer>(
    call: (store: ClientStore) => unknown,
    read: (answer: unknown) => Answer,
    patience: Patience = new Patience(),
    onLate: (answer: Answer) => void = () => undefined,
  ): Promise<Answer> {
    const answer = (async () => read(await call(this.#shared.clients)))();
    const asked = this.#reach(answer, patience);
    asked.catch(() => answer.then(onLate, () => undefined));
    return asked;
  }

  async #reach<Answer>(answer: Promise<Answer>, patience: Patience): Promise<Answer> {
    try {
      const value = await patience.wait(answer);
      this.#outage.end();
      return value;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #fail(error: unknown): ServiceUnavailableError {
    this.#outage.begin(error);
    return notNow('Who is connected cannot be known at the moment.', error);
  }
}
