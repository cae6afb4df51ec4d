import { readMaxKeys } from '../memory/max-keys.ts';
import { shortKey } from '../memory/short-key.ts';
import type { RateLimitClaim, RateLimitDecision, RateLimitStore } from '../rate-limit-store.ts';
import { listen } from './lease-desk.ts';
import { LeaseJudge } from './lease-judge.ts';
import type { LeaseLine } from './lease-line.ts';
import type { Standing } from './lease-messages.ts';
import { type Loop, nodeLoop } from './loop.ts';

export interface LeaseCounterOptions {
  /** Most keys that are kept, of all policies together, 1 to 10,000,000. @default 100_000 */
  readonly maxKeys?: number | undefined;
  /** How long a process is waited for that shall give back what it holds, in ms. @default 250 */
  readonly recallMs?: number | undefined;
  /** @default the one of Node.js */
  readonly loop?: Loop | undefined;
}

/**
 * Counts for several processes, each of which has a `LeasedRateLimitStore`; and for this one. Keys are kept as
 * `MemoryRateLimitStore` keeps them, and those that find no room are asked for unit by unit.
 */
export class LeaseCounter implements RateLimitStore {
  readonly #judge: LeaseJudge;

  /**
   * @throws {RangeError | TypeError} with the code `ERR_PORTLIGHT_INVALID_OPTION`, when `maxKeys` is out of its range
   *   or of another type
   */
  constructor({ maxKeys, recallMs = 250, loop = nodeLoop }: LeaseCounterOptions = {}) {
    this.#judge = new LeaseJudge(readMaxKeys(maxKeys), recallMs, loop);
  }

  /**
   * Another process shares the counts, until its line is closed. What it has not said to have used by then it has not
   * used. To be called before it can have said anything.
   */
  attach(line: LeaseLine): void {
    const holder = { line, policies: [], isSilent: false };
    this.#judge.enter(holder);
    listen(holder, this.#judge);
    line.onClosed(() => this.#judge.leave(holder));
  }

  /** Takes one unit of each claim, or of none. Answers at once where nobody else may have what is missing. */
  take(claims: readonly RateLimitClaim[]): readonly RateLimitDecision[] | Promise<readonly RateLimitDecision[]> {
    const named = claims.map(({ key, policy }) => ({ key: shortKey(key), policy }));
    const standings = this.#judge.take(named);
    if (standings !== undefined) return decide(claims, standings);
    return new Promise((resolve) => {
      const answer = (late: readonly Standing[]): void => resolve(decide(claims, late));
      this.#judge.ask({ holder: undefined, wantsLeases: false, claims: named, answer });
    });
  }
}

function decide(claims: readonly RateLimitClaim[], standings: readonly Standing[]): readonly RateLimitDecision[] {
  return claims.map(({ policy }, index) => {
    const { isAllowed, remaining, resetMs } = standings[index] as Standing;
    return { policy, isAllowed, remaining, resetSeconds: Math.ceil(resetMs / 1_000) };
  });
}
