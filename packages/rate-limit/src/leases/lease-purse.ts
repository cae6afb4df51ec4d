/** Units of one key that this process may use until `endsAt`, in ms on its own clock. */
interface HeldLease {
  readonly id: number;
  readonly endsAt: number;
  units: number;
}

/**
 * What a process holds of one key.
 *
 * State machine: with a unit it admits by itself; without one it asks, once for all who wait; a denial is remembered
 * until it ends.
 */
export interface LeasePurse {
  leases: HeldLease[];
  /** When it was denied until, in ms; in the past where it was not. */
  deniedUntil: number;
}

export function openPurse(): LeasePurse {
  return { leases: [], deniedUntil: Number.NEGATIVE_INFINITY };
}

/** @param askedAt when it asked for it: whatever the way took, the lease has ended here when it ends there */
export function putLease(purse: LeasePurse, id: number, units: number, askedAt: number, leaseMs: number): void {
  purse.leases.push({ id, units, endsAt: askedAt + leaseMs });
}

/**
 * Uses one unit. To be told at once to who counts.
 *
 * @returns the lease it was of; `undefined` where there is none, and it has to be asked for
 */
export function useUnit(purse: LeasePurse, now: number): number | undefined {
  for (;;) {
    const [lease] = purse.leases;
    if (lease === undefined) return undefined;
    if (lease.endsAt > now) {
      lease.units -= 1;
      if (lease.units === 0) purse.leases.shift();
      return lease.id;
    }
    purse.leases.shift();
  }
}

/** Gives everything back. @returns the leases that end by it */
export function emptyPurse(purse: LeasePurse): readonly number[] {
  const ids = purse.leases.map(({ id }) => id);
  purse.leases = [];
  return ids;
}

export function noteDenial(purse: LeasePurse, until: number): void {
  purse.deniedUntil = until;
}

/** Whether a unit need not be asked for. */
export function isDenied(purse: LeasePurse, now: number): boolean {
  return now < purse.deniedUntil;
}
