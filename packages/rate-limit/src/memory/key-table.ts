import type { Algorithm, KeyState } from '../algorithms/algorithm.ts';
import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import { ownText } from './own-text.ts';

/** How many old keys are looked at for each new one that finds no room. */
const SWEEP = 8;

/**
 * The keys of one policy, in two generations instead of a timer for each: what takes a unit belongs to the young one;
 * once a window the old one is dropped and the young one grows old. What is dropped so took its last unit at least a
 * window ago, and a key like that stands as if it had never come. Nothing else makes a key go, so a flood of others
 * cannot.
 */
export class KeyTable {
  readonly policy: RateLimitPolicy;
  readonly algorithm: Algorithm;
  /** What the keys that found no room have taken, all together. */
  overflow: KeyState | undefined;
  #young = new Map<string, KeyState>();
  #old = new Map<string, KeyState>();
  #turnedAt: number;
  #sweep: MapIterator<[string, KeyState]> | undefined;

  constructor(policy: RateLimitPolicy, algorithm: Algorithm, now: number) {
    this.policy = policy;
    this.algorithm = algorithm;
    this.#turnedAt = now;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Whether it counts for a policy of the same name. */
  isFor({ max, windowMs, algorithm }: RateLimitPolicy): boolean {
    return max === this.policy.max && windowMs === this.policy.windowMs && algorithm === this.policy.algorithm;
  }

  findYoung(key: string): KeyState | undefined {
    return this.#young.get(key);
  }

  findOld(key: string): KeyState | undefined {
    return this.#old.get(key);
  }

  /** What a new key begins with: it may have taken a part of the overflow, or all of it. */
  firstState(now: number): KeyState | undefined {
    return this.#isIdle(this.overflow, now) ? undefined : this.overflow?.slice();
  }

  /** Keeps the state of a key that took a unit, and was in `place` before. */
  keep(key: string, state: KeyState, place: 'young' | 'old' | 'new'): void {
    if (place === 'old') this.#old.delete(key);
    this.#young.set(place === 'young' ? key : ownText(key), state);
  }

  /** Lets the generations age. To be called before anything is looked up. */
  turn(now: number): void {
    const { windowMs } = this.policy;
    const age = now - this.#turnedAt;
    if (age < windowMs) return;
    this.#old = age < 2 * windowMs ? this.#young : new Map<string, KeyState>();
    this.#young = new Map();
    this.#turnedAt = now;
    this.#sweep = undefined;
    if (this.#isIdle(this.overflow, now)) this.overflow = undefined;
  }

  /** Drops some old keys that stand as if they had never come. Call by call, all are looked at. */
  sweep(now: number): void {
    this.#sweep ??= this.#old.entries();
    for (let count = 0; count < SWEEP; count++) {
      const { done, value } = this.#sweep.next();
      if (done === true) {
        this.#sweep = undefined;
        return;
      }
      if (this.#isIdle(value[1], now)) this.#old.delete(value[0]);
    }
  }

  #isIdle(state: KeyState | undefined, now: number): boolean {
    return this.algorithm.remaining(state, this.policy, now) === this.policy.max;
  }
}
