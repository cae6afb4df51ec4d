import { KeyTables } from '../memory/key-tables.ts';
import type { KeyTable } from '../memory/key-table.ts';
import type { Seat } from '../memory/seat.ts';
import { SteadyClock } from '../memory/steady-clock.ts';
import type { RateLimitClaim } from '../rate-limit-store.ts';
import { type Lease, LeaseBook } from './lease-book.ts';
import type { LeaseHolder } from './lease-holder.ts';
import type { Standing } from './lease-messages.ts';
import { countedMs, countingOf, leaseSize } from './lease-terms.ts';
import type { Loop } from './loop.ts';
import { Recalls } from './recalls.ts';

/** Takes that wait for their answer. */
export interface Question {
  /** Who asks; `undefined` where it is this process. */
  readonly holder: LeaseHolder | undefined;
  readonly wantsLeases: boolean;
  readonly claims: readonly RateLimitClaim[];
  readonly answer: (standings: readonly Standing[]) => void;
}

/** Judges what the processes that share counts ask, and knows who holds what. */
export class LeaseJudge {
  readonly #loop: Loop;
  readonly #clock: SteadyClock;
  readonly #tables: KeyTables;
  readonly #books = new WeakMap<KeyTable, LeaseBook>();
  readonly #recalls: Recalls;
  readonly #holders = new Set<LeaseHolder>();
  #questions: Question[] = [];
  #isJudging = false;
  #lastLease = 0;

  /** @param recallMs how long it waits for who shall give back what it holds */
  constructor(maxKeys: number, recallMs: number, loop: Loop) {
    this.#loop = loop;
    this.#clock = new SteadyClock(() => loop.now());
    this.#tables = new KeyTables(maxKeys, countingOf, (key) => key);
    this.#recalls = new Recalls(loop, recallMs, () => this.#judgeSoon());
  }

  enter(holder: LeaseHolder): void {
    this.#holders.add(holder);
  }

  /** It says nothing any more. What it has not said to have used it has not used. */
  leave(holder: LeaseHolder): void {
    this.#holders.delete(holder);
    this.#questions = this.#questions.filter((question) => question.holder !== holder);
    this.#tables.forEach((table) => this.#books.get(table)?.endAllOf(holder));
    this.#judgeSoon();
  }

  /** What can be said of claims of this process without asking anybody. */
  take(claims: readonly RateLimitClaim[]): readonly Standing[] | undefined {
    return this.#tryAnswer(claims, this.#clock.read());
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
    // Those who hold units and do not answer use none meanwhile: a process that is stuck answers no request.
    const endMs = Math.min(...leases.map(({ endsAt }) => endsAt)) - now;
    const resetMs = Math.min(seat.waitMs(held, now) || endMs, endMs);
    return { ...standing, resetMs, deniedMs: resetMs };
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
