import type { LeaseQuestion } from './leased-rate-limit-store.ts';

/** What a process holds and knows of one key. Times are in ms, on its own clock. */
export class LeasePurse {
  /** The number of its policy. */
  readonly policy: number;
  readonly key: string;
  lease = 0;
  units = 0;
  /** Counted from when it asked: whatever the way took, a lease ends here before it ends where it was granted. */
  endsAt: number = Number.NEGATIVE_INFINITY;
  /** Units that it has used and not said. */
  unsaid = 0;
  /** Until then nothing can be admitted. */
  deniedUntil: number = Number.NEGATIVE_INFINITY;
  /** When something is admitted for certain. Never before `deniedUntil`. */
  resetAt: number = Number.NEGATIVE_INFINITY;
  /** What remained when it was last asked for, until then. */
  known = 0;
  knownUntil: number = Number.NEGATIVE_INFINITY;
  /** Under way: who needs the key waits for its answer. */
  question: LeaseQuestion | undefined;

  constructor(policy: number, key: string) {
    this.policy = policy;
    this.key = key;
  }

  /** Units that it may use at `now`. */
  usable(now: number): number {
    return this.endsAt > now ? this.units : 0;
  }

  /** What it says remains while another policy denies; 0 where that is not known. */
  remaining(now: number): number {
    return this.usable(now) || (this.knownUntil > now ? this.known : 0);
  }
}
