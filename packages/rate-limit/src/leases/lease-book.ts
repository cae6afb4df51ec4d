import type { LeaseHolder } from './lease-holder.ts';

/** Units of one key that a process may use without asking, for a time. */
export interface Lease {
  readonly id: number;
  readonly holder: LeaseHolder;
  /** The number of its policy at the holder. */
  readonly policy: number;
  readonly key: string;
  /** In ms, where it was granted. */
  readonly endsAt: number;
  /** What is neither used nor given back, as far as the holder has said. */
  units: number;
  /** When it was asked to give it back, in ms, where it was and may still answer. */
  recalledAt: number | undefined;
  isOver: boolean;
}

/**
 * The leases that are out for the keys of one policy, in two generations instead of a timer for each: all of the old
 * one have ended when the young one grows old.
 */
export class LeaseBook {
  readonly #countedMs: number;
  #young = new Map<string, Lease[]>();
  #old = new Map<string, Lease[]>();
  #turnedAt: number;

  constructor(countedMs: number, now: number) {
    this.#countedMs = countedMs;
    this.#turnedAt = now;
  }

  /** Drops those that have ended. To be called before others are granted, and when what the holders said is read. */
  turn(now: number): void {
    const age = now - this.#turnedAt;
    if (age < this.#countedMs) return;
    endAll(this.#old);
    if (age >= 2 * this.#countedMs) endAll(this.#young);
    this.#old = age < 2 * this.#countedMs ? this.#young : new Map<string, Lease[]>();
    this.#young = new Map();
    this.#turnedAt = now;
  }

  /** Those of a key, also such as have ended and were not dropped. */
  leasesOf(key: string): readonly Lease[] {
    const young = this.#young.get(key) ?? [];
    const old = this.#old.get(key);
    return old === undefined ? young : old.concat(young);
  }

  heldUnits(key: string): number {
    let units = 0;
    for (const lease of this.leasesOf(key)) units += lease.units;
    return units;
  }

  add(lease: Lease): void {
    const leases = this.#young.get(lease.key);
    if (leases === undefined) this.#young.set(lease.key, [lease]);
    else leases.push(lease);
  }

  /** Ends those of a key that are meant, and those that have ended by `now`. */
  end(key: string, now: number, isMeant: (lease: Lease) => boolean): void {
    for (const generation of [this.#young, this.#old]) {
      const leases = generation.get(key);
      if (leases === undefined) continue;
      const rest = leases.filter((lease) => {
        lease.isOver = lease.endsAt <= now || isMeant(lease);
        return !lease.isOver;
      });
      if (rest.length === 0) generation.delete(key);
      else generation.set(key, rest);
    }
  }

  endAllOf(holder: LeaseHolder): void {
    for (const generation of [this.#young, this.#old]) {
      for (const key of generation.keys()) this.end(key, Number.NEGATIVE_INFINITY, (lease) => lease.holder === holder);
    }
  }
}

function endAll(generation: ReadonlyMap<string, readonly Lease[]>): void {
  for (const leases of generation.values()) {
    for (const lease of leases) lease.isOver = true;
  }
}
