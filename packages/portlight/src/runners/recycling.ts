import type { Worker } from '@portlight/prefork';
import { DEFAULTS } from '../defaults.ts';

/** From when on a child is replaced; `undefined`: never. */
export interface RecyclingLimits {
  readonly maxRequestsPerWorker: number | undefined;
  readonly maxMemoryBytes: number | undefined;
}

/** What is known of a child. */
interface Watched {
  readonly maxRequests: number;
  /** Of the monotonic clock: before that it is let alone. */
  notBefore: number;
}

/** So much of its requests a child may be replaced earlier, so that not all are at once. */
const JITTER = 0.1;

/** After how many requests one child is replaced: for each another number. */
export function requestsOfOne(
  { maxRequestsPerWorker = Infinity }: Pick<RecyclingLimits, 'maxRequestsPerWorker'>,
  random: () => number = Math.random,
): number {
  return maxRequestsPerWorker * (1 - JITTER * random());
}

/** Finds children that have answered enough, or hold too much, in what they report of themselves. */
export class Recycling {
  readonly #limits: RecyclingLimits;
  readonly #random: () => number;
  readonly #watched: WeakMap<Worker, Watched> = new WeakMap();

  constructor(limits: RecyclingLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /**
   * Why a child is to be replaced, as the end of a sentence; `undefined` where it is not. To be asked for each report;
   * a child that is still there a while later is named once more.
   */
  look(worker: Worker): string | undefined {
    const watched = this.#watch(worker);
    const now = performance.now();
    if (now < watched.notBefore || worker.state !== 'ready') return undefined;
    const why = this.#why(worker, watched);
    if (why !== undefined) watched.notBefore = now + DEFAULTS.recycleAgainMs;
    return why;
  }

  #watch(worker: Worker): Watched {
    const known = this.#watched.get(worker);
    if (known !== undefined) return known;
    const watched = {
      maxRequests: requestsOfOne(this.#limits, this.#random),
      notBefore: performance.now() + DEFAULTS.recycleAfterMs,
    };
    this.#watched.set(worker, watched);
    return watched;
  }

  #why({ lastReport }: Worker, { maxRequests }: Watched): string | undefined {
    const requests = lastReport?.['requests'];
    if (typeof requests === 'number' && requests >= maxRequests) return `has answered ${requests} requests`;
    const bytes = lastReport?.memoryBytes ?? 0;
    if (bytes < (this.#limits.maxMemoryBytes ?? Infinity)) return undefined;
    return `holds ${Math.round(bytes / 1_048_576)} MiB`;
  }
}
