import { ownText } from '../memory/own-text.ts';
import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import { LeasePurse } from './lease-purse.ts';
import { isLeased, usableMs } from './lease-terms.ts';

/**
 * What a process knows of the keys of one policy, in two generations. Anything may be forgotten, except while its
 * answer is under way: what is not known is asked for.
 */
export class PurseTable {
  readonly policy: RateLimitPolicy;
  /** Its number on the line. */
  readonly number: number;
  readonly isLeased: boolean;
  readonly usableMs: number;
  #young = new Map<string, LeasePurse>();
  #old = new Map<string, LeasePurse>();
  #turnedAt: number;

  constructor(policy: RateLimitPolicy, number: number, now: number) {
    this.policy = policy;
    this.number = number;
    this.isLeased = isLeased(policy);
    this.usableMs = usableMs(policy);
    this.#turnedAt = now;
  }

  get size(): number {
    return this.#young.size;
  }

  isFor({ name, max, windowMs, algorithm }: RateLimitPolicy): boolean {
    const { policy } = this;
    return max === policy.max && windowMs === policy.windowMs && name === policy.name && algorithm === policy.algorithm;
  }

  find(key: string): LeasePurse | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.#young.set(old.key, old);
    }
    return old;
  }

  open(key: string): LeasePurse {
    const own = ownText(key);
    const purse = new LeasePurse(this.number, own);
    this.#young.set(own, purse);
    return purse;
  }

  /** Lets the generations age where a window has passed. */
  age(now: number): void {
    if (now - this.#turnedAt >= this.policy.windowMs) this.turn(now);
  }

  turn(now: number): void {
    const forgotten = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnedAt = now;
    for (const purse of forgotten.values()) if (purse.question !== undefined) this.#young.set(purse.key, purse);
  }
}
