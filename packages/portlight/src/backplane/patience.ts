import { DEFAULTS } from '../defaults.ts';
import { inTime } from '../in-time.ts';

/** How long one who asks, such as a request, waits for the backplane: a second for all its questions together. */
export class Patience {
  #leftMs: number;

  constructor(limitMs: number = DEFAULTS.storeTimeoutMs) {
    this.#leftMs = Math.min(limitMs, DEFAULTS.storeTimeoutMs);
  }

  /** @throws an error when there is no answer in what is left */
  async wait<Answer>(answer: PromiseLike<Answer>): Promise<Answer> {
    return this.watch(inTime(answer, this.#leftMs, () => new Error('There was no answer in time.')));
  }

  /** The same for what has a limit of its own. */
  async watch<Answer>(answer: PromiseLike<Answer>): Promise<Answer> {
    const askedAt = performance.now();
    try {
      return await answer;
    } finally {
      this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - askedAt));
    }
  }

  /** What answers is waited for anew, as long as it says that somebody else has to be. */
  renew(): void {
    this.#leftMs = DEFAULTS.storeTimeoutMs;
  }
}

const OF_REQUESTS = new WeakMap<object, Patience>();

/** That of a request, whoever asks on its behalf. */
export function patienceOf(request: object): Patience {
  const patience = OF_REQUESTS.get(request) ?? new Patience();
  OF_REQUESTS.set(request, patience);
  return patience;
}
