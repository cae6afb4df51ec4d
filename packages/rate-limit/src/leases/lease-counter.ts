import { KeyTables } from '../memory/key-tables.ts';
import type { KeyTable } from '../memory/key-table.ts';
import { readMaxKeys } from '../memory/max-keys.ts';
import type { Seat } from '../memory/seat.ts';
import { shortKey } from '../memory/short-key.ts';
import { SteadyClock } from '../memory/steady-clock.ts';
import type { RateLimitClaim, RateLimitDecision, RateLimitStore } from '../rate-limit-store.ts';
import { type Lease, LeaseBook } from './lease-book.ts';
import type { LeaseHolder } from './lease-holder.ts';
import type { LeaseLine } from './lease-line.ts';
import { listen } from './lease-desk.ts';
import { type Standing } from './lease-messages.ts';
import { countedMs, countingOf, leaseSize } from './lease-terms.ts';
import { type Loop, nodeLoop } from './loop.ts';
import { Recalls } from './recalls.ts';

export interface LeaseCounterOptions {
  /** Most keys that are kept, of all policies together, 1 to 10,000,000. @default 100_000 */
  readonly maxKeys?: number | undefined;
  /** How long a process is waited for that shall give back what it holds, in ms. @default 100 */
  readonly recallMs?: number | undefined;
  /** @default the one of Node.js */
  readonly loop?: Loop | undefined;
}

/** Takes that wait for their answer. */
export interface Question {
  /** Who asks; `undefined` where it is this process. */
  readonly holder: LeaseHolder | undefined;
  readonly wantsLeases: boolean;
  readonly claims: readonly RateLimitClaim[];
  readonly answer: (standings: readonly Standing[]) => void;
}

/** Counts for several processes, each of which has a `LeasedRateLimitStore`; and for this one. */
export class LeaseCounter implements RateLimitStore {
  readonly #loop: Loop;
  readonly #clock: SteadyClock;
  readonly #tables: KeyTables;
  readonly #books = new WeakMap<KeyTable, LeaseBook>();
  readonly #recalls: Recalls;
  readonly #holders = new Set<LeaseHolder>();
  #questions: Question[] = [];
  #isJudging = false;
  #lastLease = 0;

  constructor({ maxKeys, recallMs = 100, loop = nodeLoop }: LeaseCounterOptions = {}) {
    this.#loop = loop;
    this.#clock = new SteadyClock(() => loop.now());
    this.#tables = new KeyTables(readMaxKeys(maxKeys), countingOf, (key) => key);
    this.#recalls = new Recalls(loop, recallMs, () => this.#judgeSoon());
  }

  /** Another process shares the counts, until its line is closed. What it has not said by then it has not used. */
  attach(line: LeaseLine): void {
    const holder: LeaseHolder = { line, policies: [], isSilent: false };
    this.#holders.add(holder);
    listen(holder, this);
    line.onClosed(() => this.#lose(holder));
  }

  take(claims: readonly RateLimitClaim[]): readonly RateLimitDecision[] | Promise<readonly RateLimitDecision[]> {
    const named = claims.map(({ key, policy }) => ({ key: shortKey(key), policy }));
    const standings = this.#tryAnswer(named, this.#clock.read());
    if (standings !== undefined) return decide(claims, standings);
    return new Promise((resolve) => {
      const answer = (late: readonly Standing[]): void => resolve(decide(claims, late));
      this.ask({ holder: undefined, wantsLeases: false, claims: named, answer });
    });
  }

  /** Answers when what is there has been read, and what others may give back has come. */
  ask(question: Question): void {
    const { holder, claims } = question;
    if (question.wantsLeases) for (const claim of claims) this.end(claim, (lease) => lease.holder === holder);
    this.#questions.push(question);
    this.#judgeSoon();
  }

  /** A holder has used units of a lease. They count from now on, also where the lease is over. */
  count(holder: LeaseHolder, claim: RateLimitClaim, units: number): void {
    const now = this.#clock.read();
    const [seat] = this.#tables.seatsOf([claim], now) as [Seat];
    for (let unit = 0; unit < units; unit++) seat.count(now);
    for (const lease of this.#bookOf(seat.table, now).leasesOf(claim.key)) {
      if (lease.holder === holder) lease.units = Math.max(0, lease.units - units);
    }
  }

  /** Leases of a key that cannot be used any more. */
  end(claim: RateLimitClaim, isMeant: (lease: Lease) => boolean): void {
    const now = this.#clock.read();
    const [seat] = this.#tables.seatsOf([claim], now) as [Seat];
    this.#bookOf(seat.table, now).end(claim.key, Number.NEGATIVE_INFINITY, isMeant);
    if (this.#questions.length > 0) this.#judgeSoon();
  }

  #lose(holder: LeaseHolder): void {
    this.#holders.delete(holder);
    this.#questions = this.#questions.filter((question) => question.holder !== holder);
    this.#tables.forEach((table) => this.#books.get(table)?.endAllOf(holder));
    this.#judgeSoon();
  }

  #judgeSoon(): void {
    if (this.#isJudging) return;
    this.#isJudging = true;
    this.#loop.afterReads(() => this.#judge());
  }

  #judge(): void {
    this.#isJudging = false;
    const now = this.#clock.read();
    const questions = this.#questions;
    this.#questions = [];
    for (const question of questions) {
      this.#endOld(question.claims, now);
      const standings = this.#tryAnswer(question.claims, now, question);
      if (standings === undefined) this.#questions.push(question);
      else question.answer(standings);
    }
  }

  #endOld(claims: readonly RateLimitClaim[], now: number): void {
    for (const { table, key } of this.#tables.seatsOf(claims, now)) {
      const book = this.#bookOf(table, now);
      book.turn(now);
      book.end(key, now, () => false);
    }
  }

  /** @returns `undefined` where others may give something back before it can be said */
  #tryAnswer(claims: readonly RateLimitClaim[], now: number, question?: Question): readonly Standing[] | undefined {
    const seats = this.#tables.seatsOf(claims, now);
    let isOpen = false;
    for (const seat of seats) {
      // The one that is taken, and one that would remain: else nobody knows whether there is another one.
      if (this.#freeOf(seat, now) >= 2) continue;
      const leases = this.#leasesOf(seat, now);
      isOpen = (question === undefined ? leases.length > 0 : this.#recalls.ask(leases)) || isOpen;
    }
    if (isOpen) return undefined;
    const areFree = seats.map((seat) => this.#freeOf(seat, now) > 0);
    const isAdmitted = areFree.every(Boolean);
    if (isAdmitted) for (const seat of new Set(seats)) seat.count(now);
    return seats.map((seat, index) => {
      const lease = isAdmitted && question?.wantsLeases === true ? this.#grant(seat, index, question, now) : undefined;
      return lease === undefined ? this.#standingOf(seat, areFree[index] as boolean, now) : standingWith(lease);
    });
  }

  #grant(seat: Seat, index: number, { holder, claims }: Question, now: number): Lease | undefined {
    const units = leaseSize(this.#freeOf(seat, now), this.#holders.size);
    if (units === 0 || seat.place === 'overflow' || holder === undefined) return undefined;
    const { policy, key } = claims[index] as RateLimitClaim;
    const lease: Lease = {
      id: ++this.#lastLease,
      holder,
      policy: holder.policies.indexOf(policy),
      key,
      endsAt: now + countedMs(policy),
      units,
      recalledAt: undefined,
      isOver: false,
    };
    this.#bookOf(seat.table, now).add(lease);
    return lease;
  }

  #standingOf(seat: Seat, isAllowed: boolean, now: number): Standing {
    const leases = this.#leasesOf(seat, now);
    const held = leases.reduce((sum, { units }) => sum + units, 0);
    const remaining = Math.max(0, seat.remaining(now) - held);
    const standing = { isAllowed, remaining, resetMs: 0, deniedMs: 0, lease: 0, units: 0 };
    if (remaining > 0) return standing;
    // Those who hold units and do not answer may use them, or not.
    const endMs = Math.min(...leases.map(({ endsAt }) => endsAt)) - now;
    const resetMs = seat.waitMs(held, now) || endMs;
    return { ...standing, resetMs, deniedMs: Math.min(resetMs, endMs) };
  }

  #freeOf(seat: Seat, now: number): number {
    return seat.remaining(now) - this.#bookOf(seat.table, now).heldUnits(seat.key);
  }

  #leasesOf(seat: Seat, now: number): readonly Lease[] {
    return this.#bookOf(seat.table, now).leasesOf(seat.key);
  }

  #bookOf(table: KeyTable, now: number): LeaseBook {
    let book = this.#books.get(table);
    if (book === undefined) this.#books.set(table, (book = new LeaseBook(countedMs(table.policy), now)));
    return book;
  }
}

function standingWith({ id, units }: Lease): Standing {
  return { isAllowed: true, remaining: units, resetMs: 0, deniedMs: 0, lease: id, units };
}

function decide(claims: readonly RateLimitClaim[], standings: readonly Standing[]): readonly RateLimitDecision[] {
  return claims.map(({ policy }, index) => {
    const { isAllowed, remaining, resetMs } = standings[index] as Standing;
    return { policy, isAllowed, remaining, resetSeconds: Math.ceil(resetMs / 1_000) };
  });
}
