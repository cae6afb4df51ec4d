import type { RateLimitClaim } from '@portlight/rate-limit';

/** A unit of one place that was used. */
interface Use {
  readonly at: number;
  /** Who used it of a lease. */
  readonly by: object | undefined;
  /** When Redis heard of it. */
  heardAt: number | undefined;
}

/** Keeps the time of every unit, and holds what is admitted and denied against it. */
export class Ledger {
  readonly violations: string[] = [];
  admitted = 0;
  denied = 0;
  /** Denials that only units which are out with others explain. */
  excused = 0;
  readonly #uses: Map<string, Use[]> = new Map();

  /** Units that Redis has judged one by one. */
  admit(claims: readonly RateLimitClaim[], now: number): void {
    for (const claim of claims) this.#add(claim, { at: now, by: undefined, heardAt: now }, now);
  }

  /** Units of leases. */
  use(by: object, claims: readonly RateLimitClaim[], now: number): void {
    for (const claim of claims) this.#add(claim, { at: now, by, heardAt: undefined }, now);
  }

  hear(by: object, place: string, units: number, now: number): void {
    const unheard = (this.#uses.get(place) ?? []).filter((use) => use.by === by && use.heardAt === undefined);
    for (const use of unheard.slice(0, units)) use.heardAt = now;
  }

  /** A child is dead, and its machine lives: what it has not said it has not used. */
  forget(by: object, isSaid: (place: string) => number): void {
    for (const [place, uses] of this.#uses) {
      let said = isSaid(place);
      const kept = uses.filter((use) => use.by !== by || use.heardAt !== undefined || said-- > 0);
      this.#uses.set(place, kept);
    }
  }

  /** How many units of a place somebody has used, and Redis has not heard of. */
  unheard(by: object, place: string): number {
    return (this.#uses.get(place) ?? []).filter((use) => use.by === by && use.heardAt === undefined).length;
  }

  /** @param held units that are out with who does not answer */
  checkDenial(claim: RateLimitClaim, held: number, now: number): void {
    this.denied += 1;
    const { max, windowMs } = claim.policy;
    const counted = this.#usesOf(claim).filter((use) => now - countedAt(use, windowMs) <= windowMs * (17 / 16)).length;
    if (counted < max) this.excused += 1;
    if (counted + held < max)
      this.violations.push(`${claim.policy.name} denied at ${now} with ${counted} used and ${held} held`);
  }

  #add(claim: RateLimitClaim, use: Use, now: number): void {
    const uses = this.#usesOf(claim);
    uses.push(use);
    this.admitted += 1;
    const { name, max, windowMs } = claim.policy;
    const within = uses.filter(({ at }) => now - at < windowMs).length;
    if (within > max) this.violations.push(`${within} of ${name} used in the window that ends at ${now}`);
  }

  #usesOf(claim: RateLimitClaim): Use[] {
    const place = placeOf(claim);
    let uses = this.#uses.get(place);
    if (uses === undefined) this.#uses.set(place, (uses = []));
    return uses;
  }
}

export function placeOf({ policy, key }: RateLimitClaim): string {
  return `${policy.name}/${key}`;
}

/** What is heard of late counts from then on. */
function countedAt({ at, heardAt }: Use, windowMs: number): number {
  return heardAt !== undefined && heardAt - at > (windowMs / 64) * 3 ? heardAt : at;
}
