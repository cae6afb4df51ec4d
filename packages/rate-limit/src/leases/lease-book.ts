import type { RateLimitPolicy } from '../rate-limit-policy.ts';

/** How finely use is told: as parts of a window. */
const STEPS = 64;
/** How long a lease lasts, in steps. With the step in which it ends it is a sixteenth of a window. */
const LEASE_STEPS = 3;

/** Units of one key that a process may use without asking, for a time. */
export interface Lease {
  readonly id: number;
  /** Who has it. */
  readonly holder: string;
  /** In ms on the clock of the book. The holder counts the same time from when it asked, so its end is never later. */
  readonly endsAt: number;
  /** Units that the holder has neither used nor given back, as far as it has said. */
  units: number;
}

/**
 * What is known of one key where all processes ask: what was used, and what is out on lease.
 *
 * Both promises of the sliding window hold for all processes together, where a holder says of each use before its
 * answer leaves, and what it has said is read before anything is judged: never more than `max` used in any time of
 * `windowMs`, and nobody denied while fewer than `max` were used in the last `windowMs` × 17/16, or are held by who
 * does not answer.
 */
export interface LeaseBook {
  /** Since when, how many, since when, how many; in the order of time, a pair for each step. */
  readonly used: number[];
  leases: Lease[];
  lastId: number;
}

export function openBook(): LeaseBook {
  return { used: [], leases: [], lastId: 0 };
}

export function leaseMs({ windowMs }: RateLimitPolicy): number {
  return (windowMs / STEPS) * LEASE_STEPS;
}

/** How many units are neither used nor out on lease. */
export function freeUnits(book: LeaseBook, policy: RateLimitPolicy, now: number): number {
  forget(book, policy, now);
  let free = policy.max;
  for (let index = 1; index < book.used.length; index += 2) free -= book.used[index] as number;
  for (const { units } of book.leases) free -= units;
  return free;
}

/** @param units at most as many as are free */
export function grantLease(
  book: LeaseBook,
  policy: RateLimitPolicy,
  holder: string,
  units: number,
  now: number,
): Lease {
  const lease = { id: ++book.lastId, holder, units, endsAt: now + leaseMs(policy) };
  book.leases.push(lease);
  return lease;
}

/** A holder says that it has used units of a lease. Each counts for a window from then on, or from the lease's end. */
export function noteUse(book: LeaseBook, policy: RateLimitPolicy, id: number, units: number, now: number): void {
  const lease = book.leases.find((each) => each.id === id);
  if (lease === undefined) return;
  lease.units -= units;
  const stepMs = policy.windowMs / STEPS;
  const step = Math.ceil(Math.min(now, lease.endsAt) / stepMs) * stepMs;
  let index = book.used.length - 2;
  while (index >= 0 && (book.used[index] as number) > step) index -= 2;
  if (index >= 0 && book.used[index] === step) (book.used[index + 1] as number) += units;
  else book.used.splice(index + 2, 0, step, units);
  if (lease.units === 0) endLease(book, id);
}

/** What is left of a lease is free: its holder has given it back. */
function endLease(book: LeaseBook, id: number): void {
  book.leases = book.leases.filter((lease) => lease.id !== id);
}

/** All leases of a process that is gone; what it had not said to have used, it has not used. */
export function endLeasesOf(book: LeaseBook, holder: string): void {
  book.leases = book.leases.filter((lease) => lease.holder !== holder);
}

/** How long until a unit is free, where none is and nobody gives any back, in ms. */
export function waitMs(book: LeaseBook, policy: RateLimitPolicy, now: number): number {
  const ends = book.leases.map(({ endsAt }) => endsAt);
  if (book.used.length > 0) ends.push((book.used[0] as number) + policy.windowMs);
  return Math.min(...ends) - now;
}

/** Leases that have ended: what was not used by then cannot be any more. And uses that no longer count. */
function forget(book: LeaseBook, { windowMs }: RateLimitPolicy, now: number): void {
  if (book.leases.some(({ endsAt }) => endsAt <= now)) book.leases = book.leases.filter(({ endsAt }) => endsAt > now);
  let gone = 0;
  while (gone < book.used.length && (book.used[gone] as number) + windowMs <= now) gone += 2;
  if (gone > 0) book.used.splice(0, gone);
}
