import type { RateLimitClaim } from '../../src/index.ts';

/** A unit of one place that was used. */
interface Use {
  readonly at: number;
  /** Who used it without asking. */
  readonly by: object | undefined;
  /** When it was said, and when that was heard. */
  saidAt: number | undefined;
  heardAt: number | undefined;
}

/** Keeps the time of every unit, and holds what is admitted and denied against it. */
export class Ledger {
  readonly violations: string[] = [];
  admitted = 0;
  denied = 0;
  readonly #uses = new Map<string, Use[]>();

  /** Units that who counts has judged one by one. */
  admit(claims: readonly RateLimitClaim[], now: number): void {
    for (const claim of claims) this.#add(claim, { at: now, by: undefined, saidAt: now, heardAt: now }, now);
  }

  /** Units of leases. */
  use(by: object, claims: readonly RateLimitClaim[], now: number): void {
    for (const claim of claims) this.#add(claim, { at: now, by, saidAt: undefined, heardAt: undefined }, now);
  }

  say(by: object, claim: RateLimitClaim, units: number, now: number): void {
    const unsaid = this.#usesOf(claim).filter((use) => use.by === by && use.saidAt === undefined);
    if (unsaid.length < units) this.violations.push(`${units} said of ${unsaid.length} used at ${now}`);
    for (const use of unsaid.slice(0, units)) use.saidAt = now;
  }

  hear(by: object, claim: RateLimitClaim, units: number, now: number): void {
    const unheard = this.#usesOf(claim).filter((use) => use.by === by && use.heardAt === undefined);
    for (const use of unheard.slice(0, units)) use.heardAt = now;
  }

  /** A process is dead: what it has not said it has not used. */
  forget(by: object): void {
    for (const [place, uses] of this.#uses)
      this.#uses.set(
        place,
        uses.filter((use) => use.by !== by || use.heardAt !== undefined),
      );
  }

  checkDenial(claim: RateLimitClaim, held: number, now: number): void {
    this.denied += 1;
    const { max, windowMs } = claim.policy;
    let recent = 0;
    for (const use of this.#usesOf(claim)) if (now - countedAt(use, windowMs) <= windowMs * (17 / 16)) recent += 1;
    if (recent + held < max)
      this.violations.push(`${claim.policy.name} denied at ${now} with ${recent} used and ${held} held`);
  }

  #add(claim: RateLimitClaim, use: Use, now: number): void {
    const uses = this.#usesOf(claim);
    uses.push(use);
    this.admitted += 1;
    const { name, max, windowMs } = claim.policy;
    const within = uses.filter((each) => now - each.at < windowMs && !isLate(each, windowMs, now)).length;
    if (within > max) this.violations.push(`${within} of ${name} used in the window that ends at ${now}`);
  }

  #usesOf({ policy, key }: RateLimitClaim): Use[] {
    const place = `${policy.name}/${key}`;
    let uses = this.#uses.get(place);
    if (uses === undefined) this.#uses.set(place, (uses = []));
    return uses;
  }
}

/** Whether who counts could not know of it before its lease was over. */
function isLate({ at, saidAt }: Use, windowMs: number, now: number): boolean {
  return (saidAt ?? now) - at > windowMs / 64;
}

/** What is said late counts from when it is heard. */
function countedAt(use: Use, windowMs: number): number {
  return use.heardAt !== undefined && use.heardAt - use.at > (windowMs / 64) * 3 ? use.heardAt : use.at;
}
