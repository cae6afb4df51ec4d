import {
  LeasedRateLimitStore,
  type LeaseLine,
  type RateLimitClaim,
  type RateLimitDecision,
  type RateLimitStore,
} from '@portlight/rate-limit';
import { type Loop, nodeLoop } from '@portlight/rate-limit/leases';
import type { PartLink } from '../link/redis-link.ts';
import { type Desk, LimitsHolder } from './limits-holder.ts';
import { LimitsJudge } from './limits-judge.ts';
import { LimitsQuestions } from './limits-questions.ts';
import { ownLine } from './own-line.ts';

/** How much longer than a request an answer is waited for, so that it can be learned. */
const LATE = 10;

export interface RedisLimitsOptions {
  /** What Redis has for an answer, in ms; then a take rejects. @default 100 */
  readonly commandTimeoutMs?: number | undefined;
  /** How long a process is waited for that shall give back what it holds, in ms. @default 250 */
  readonly recallMs?: number | undefined;
  /** Most keys of which this process remembers something, 1 to 10,000,000. @default 100_000 */
  readonly maxKeys?: number | undefined;
  /** @default the one of Node.js */
  readonly loop?: Loop | undefined;
}

/**
 * Counts in Redis, for this process and for those that are attached, together with those of other machines. Who counts
 * is a script there; each process holds leases of its own.
 */
export class RedisLimits implements RateLimitStore {
  readonly #desk: Desk;
  readonly #holders: Map<string, LimitsHolder> = new Map();
  readonly #ownHolder: LimitsHolder;
  readonly #own: LeasedRateLimitStore;

  /**
   * @throws {RangeError | TypeError} with the code `ERR_PORTLIGHT_INVALID_OPTION`, when `maxKeys` is out of its range
   *   or of another type
   */
  constructor(
    link: PartLink,
    { commandTimeoutMs = 100, recallMs = 250, maxKeys, loop = nodeLoop }: RedisLimitsOptions = {},
  ) {
    const judge = new LimitsJudge(link, recallMs, commandTimeoutMs * LATE);
    const questions = new LimitsQuestions(judge, loop, commandTimeoutMs);
    let lastLease = 0;
    this.#desk = { link, judge, questions, loop, nextLease: () => ++lastLease };
    link.on('limits.recall', (data) => this.#recall(data.toString()));
    link.on('limits.again', (data) => questions.again(data.toString()));
    const [near, far] = ownLine();
    this.#ownHolder = this.#hold(far, `${link.machine}/own`);
    this.#own = new LeasedRateLimitStore(near, { maxKeys, loop });
  }

  /**
   * Another process of this machine shares the counts, until its line is closed: what it has not said to have used by
   * then it has not used. To be called before it can have said anything.
   *
   * @param owner `<machine>/<process>`, a name that no other process has, nor had
   */
  attach(line: LeaseLine, owner: string): void {
    this.#hold(line, owner);
  }

  /** Takes one unit of each claim, or of none. Rejects when Redis does not answer in time. */
  take(claims: readonly RateLimitClaim[]): readonly RateLimitDecision[] | Promise<readonly RateLimitDecision[]> {
    return this.#own.take(claims);
  }

  /**
   * A process, `<machine>/<process>`, is gone without a word. What it held counts as used: nobody knows better. It is
   * waited for no more.
   */
  async lose(owner: string): Promise<void> {
    await this.#desk.judge.lose(owner);
  }

  /** Says what this process has used, and gives back the rest. What is taken afterwards is asked for. */
  close(): void {
    this.#ownHolder.recallAll();
  }

  #hold(line: LeaseLine, owner: string): LimitsHolder {
    const holder = new LimitsHolder(owner, line, this.#desk, () => this.#holders.delete(owner));
    this.#holders.set(owner, holder);
    return holder;
  }

  #recall(text: string): void {
    const [owner, max, windowMs, parts, lease, ...key] = text.split('\n') as [string, ...string[]];
    const terms = [Number(max), Number(windowMs), Number(parts)] as const;
    const [redisKey, number] = [key.join('\n'), Number(lease)];
    const holder = this.#holders.get(owner);
    if (holder !== undefined) holder.recall(redisKey, number, terms);
    else this.#desk.judge.giveBackUnknown(owner, redisKey, number, terms);
  }
}
