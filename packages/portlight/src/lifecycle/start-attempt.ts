import { AbortedError } from '../errors/aborted-error.ts';
import type { Service } from './service.ts';

/** One start of a service, which a stop may give up. */
export class StartAttempt<Kind extends Service> {
  /** Rejects at once when the start is given up, whatever it waits for. */
  readonly done: Promise<void>;
  /** All that runs of it has ended; rejects as the start fails. */
  readonly ended: Promise<void>;
  readonly #controller: AbortController = new AbortController();
  #service: Kind | undefined;

  /**
   * @param before what has to be over first
   * @param open makes the service
   */
  constructor(before: Promise<unknown> | undefined, open: () => Kind) {
    const { signal } = this.#controller;
    const abandoned = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    this.ended = this.#run(before, open, signal);
    this.done = Promise.race([this.ended, abandoned]);
  }

  /** From when it is made. */
  get service(): Kind | undefined {
    return this.#service;
  }

  get isAbandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Goes no further than the step under way, which nothing can end. What is open, the stop of the service closes. */
  abandon(): void {
    this.#controller.abort(
      new AbortedError(
        'The server was stopped while it started; the start was given up.',
        'ERR_PORTLIGHT_START_ABANDONED',
      ),
    );
  }

  async #run(before: Promise<unknown> | undefined, open: () => Kind, signal: AbortSignal): Promise<void> {
    await before;
    signal.throwIfAborted();
    this.#service = open();
    await this.#service.start(signal);
  }
}
