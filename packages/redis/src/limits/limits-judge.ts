import type { RateLimitPolicy } from '@portlight/rate-limit';
import { partsOf, type Standing } from '@portlight/rate-limit/leases';
import type { PartLink } from '../link/redis-link.ts';
import { LIMITS } from './limits-script.ts';

/** A step of the script's clock: so many are a ms. */
const TICKS_PER_MS = 1_024;
/** Entries of one run: what more there is goes into another one, so that Redis is not held up. */
const MOST_ENTRIES = 500;
const FIELDS = 5;

/** How a key is counted: the most units, the window in ms, and the parts of it that are told apart, 0 for a bucket. */
export type Terms = readonly [max: number, windowMs: number, parts: number];

/** What a process has to say of one of its keys. */
export interface Saying {
  readonly redisKey: string;
  readonly terms: Terms;
  /** The number of its lease; 0 where it has none. */
  readonly lease: number;
  /** Units of the lease that it has used in all. */
  readonly used: number;
  /** Units that it has not said before. They count also where Redis does not know the lease any more. */
  readonly unsaid: number;
  readonly isOver: boolean;
}

/** What a process asks of one of its keys. */
export interface Claim {
  readonly redisKey: string;
  readonly terms: Terms;
  /** The lease that it had, and what it has used of it. */
  readonly lease: number;
  readonly used: number;
}

/** How claims stand, or for how many ms others may give back what is missing. */
export type Verdict = { readonly standings: readonly Standing[] } | { readonly waitMs: number };

/** Calls the script that judges limits. */
export class LimitsJudge {
  readonly #link: PartLink;
  readonly #recallTicks: number;
  readonly #timeoutMs: number;
  readonly #channel: string;
  readonly #keys: readonly [string, string];

  /**
   * @param recallMs how long who holds units is waited for
   * @param timeoutMs after which no answer is expected any more
   */
  constructor(link: PartLink, recallMs: number, timeoutMs: number) {
    this.#link = link;
    this.#recallTicks = recallMs * TICKS_PER_MS;
    this.#timeoutMs = timeoutMs;
    this.#channel = link.key('to', '');
    this.#keys = [link.key('limits', 'askers'), link.key('limits', 'silent')];
  }

  /** @param lease the number of the leases that it may grant */
  async ask(process: string, wantsLeases: boolean, lease: number, claims: readonly Claim[]): Promise<Verdict> {
    const args: (string | number)[] = [wantsLeases ? 1 : 0, lease];
    for (const { terms, lease: had, used } of claims) args.push(...terms, had, used);
    const answer = (await this.#run('ask', process, namesOf(claims), args)) as readonly number[];
    if (answer[0] === 0) return { waitMs: (answer[1] as number) / TICKS_PER_MS };
    return { standings: claims.map((_claim, index) => readStanding(answer.slice(1 + index * FIELDS), lease)) };
  }

  /** Resolves when all is counted. */
  async tell(process: string, sayings: readonly Saying[]): Promise<void> {
    const runs: Promise<unknown>[] = [];
    for (let from = 0; from < sayings.length; from += MOST_ENTRIES) {
      const some = sayings.slice(from, from + MOST_ENTRIES);
      const args = some.flatMap(({ terms, lease, used, unsaid, isOver }) => [
        ...terms,
        lease,
        used,
        unsaid,
        isOver ? 1 : 0,
      ]);
      runs.push(this.#run('tell', process, namesOf(some), args));
    }
    await Promise.all(runs);
  }

  /** Gives back a lease that its process was never told of. What cannot be said is asked for again. */
  giveBackUnknown(process: string, redisKey: string, lease: number, terms: Terms): void {
    this.tell(process, [{ redisKey, terms, lease, used: 0, unsaid: 0, isOver: true }]).catch(() => {});
  }

  async leave(process: string): Promise<void> {
    await this.#run('leave', process, [], []);
  }

  async lose(process: string): Promise<void> {
    await this.#run('lose', process, [], []);
  }

  #run(
    operation: string,
    process: string,
    names: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const head = [operation, this.#channel, process, this.#recallTicks];
    return this.#link.run(LIMITS, [...this.#keys, ...names], [...head, ...args], { timeoutMs: this.#timeoutMs });
  }
}

export function termsOf(policy: RateLimitPolicy): Terms {
  return [policy.max, policy.windowMs, partsOf(policy)];
}

function namesOf(entries: readonly { readonly redisKey: string }[]): readonly string[] {
  return entries.map(({ redisKey }) => redisKey);
}

function readStanding(fields: readonly number[], lease: number): Standing {
  const [isAllowed, remaining = 0, resetTicks = 0, deniedTicks = 0, units = 0] = fields;
  return {
    isAllowed: isAllowed === 1,
    remaining,
    resetMs: resetTicks / TICKS_PER_MS,
    deniedMs: deniedTicks / TICKS_PER_MS,
    lease: units === 0 ? 0 : lease,
    units,
  };
}
