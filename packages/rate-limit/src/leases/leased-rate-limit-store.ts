import { readMaxKeys } from '../memory/max-keys.ts';
import { shortKey } from '../memory/short-key.ts';
import { SteadyClock } from '../memory/steady-clock.ts';
import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { RateLimitClaim, RateLimitDecision, RateLimitStore } from '../rate-limit-store.ts';
import type { LeaseLine } from './lease-line.ts';
import { MESSAGES, readStanding, type Standing } from './lease-messages.ts';
import type { LeasePurse } from './lease-purse.ts';
import { type Loop, nodeLoop } from './loop.ts';
import { PurseTable } from './purse-table.ts';

/**
 * How long uses are gathered before they are said: a millisecond, and longer the more there are. A message for each
 * would cost more than what is answered; what a process has used and not said when it is killed is not counted.
 */
const SHORTEST_SAY_MS = 1;
const LONGEST_SAY_MS = 10;
/** With more uses in a millisecond they are gathered longer. */
const USES_OF_A_MS = 4;

type Decisions = readonly RateLimitDecision[];

export interface LeasedRateLimitStoreOptions {
  /** Most keys of which something is remembered, of all policies together, 1 to 10,000,000. @default 100_000 */
  readonly maxKeys?: number | undefined;
  /** @default the one of Node.js */
  readonly loop?: Loop | undefined;
}

/** A take that waits. */
interface Waiter {
  readonly claims: readonly RateLimitClaim[];
  readonly resolve: (decisions: Decisions) => void;
  readonly reject: (error: Error) => void;
}

/** What was asked of who counts, and has no answer yet. */
export interface LeaseQuestion {
  readonly asker: Waiter;
  /** The tables of its claims, and their keys, each once. */
  readonly places: readonly Place[];
  /** The place of each claim. */
  readonly indexes: readonly number[];
  readonly askedAt: number;
  /** Others who need a key of it, in their order. */
  readonly waiters: Waiter[];
  /** It has no answer in time. Who needs one of its keys asks anew, but what it says is learned if it comes before. */
  hasFailed: boolean;
}

interface Place {
  readonly table: PurseTable;
  readonly key: string;
}

/**
 * Counts together with the other processes that share a `LeaseCounter`: it uses units that it holds on lease without
 * asking, and asks for others.
 */
export class LeasedRateLimitStore implements RateLimitStore {
  readonly #line: LeaseLine;
  readonly #loop: Loop;
  readonly #clock: SteadyClock;
  readonly #maxKeys: number;
  readonly #tables: PurseTable[] = [];
  readonly #questions = new Map<number, LeaseQuestion>();
  /** Those with uses that are not said. */
  #unsaid: LeasePurse[] = [];
  #sayMs = SHORTEST_SAY_MS;
  /** Questions that are asked when this turn of the loop has read its requests: one write for all. */
  #unasked: (readonly (number | string)[])[] = [];
  readonly #say = (): void => this.#sayUses();
  #lastQuestion = 0;
  #isClosed = false;

  constructor(line: LeaseLine, { maxKeys, loop = nodeLoop }: LeasedRateLimitStoreOptions = {}) {
    this.#line = line;
    this.#loop = loop;
    this.#clock = new SteadyClock(() => loop.now());
    this.#maxKeys = readMaxKeys(maxKeys);
    line.on(MESSAGES.answer, (data) => this.#hearAnswer(data as readonly number[]));
    line.on(MESSAGES.failed, (data) => this.#hearFailure(data as readonly [number, number]));
    line.on(MESSAGES.recall, (data) => this.#giveBack(data as readonly [number, number, string]));
    line.onClosed(() => this.#end());
  }

  /** Takes one unit of each claim, or of none. Rejects when who counts is gone, or says that it cannot. */
  take(claims: readonly RateLimitClaim[]): Decisions | Promise<Decisions> {
    const now = this.#clock.read();
    if (claims.length === 1) {
      const { key, policy } = claims[0] as RateLimitClaim;
      const purse = this.#tableOf(policy, now).find(shortKey(key));
      if (purse !== undefined && purse.usable(now) > 1) {
        this.#use(purse);
        return [{ policy, isAllowed: true, remaining: purse.units, resetSeconds: 0 }];
      }
    }
    const decisions = this.#decide(claims, now);
    if (decisions !== undefined) return decisions;
    return new Promise((resolve, reject) => this.#wait({ claims, resolve, reject }, now));
  }

  /** Says what was used. What is taken afterwards is counted too. */
  close(): void {
    this.#sayUses();
  }

  /** What can be said without asking. */
  #decide(claims: readonly RateLimitClaim[], now: number): Decisions | undefined {
    if (claims.length === 0) return [];
    const purses: LeasePurse[] = [];
    let areUsable = true;
    let isDenied = false;
    for (const { key, policy } of claims) {
      const purse = this.#tableOf(policy, now).find(shortKey(key));
      if (purse === undefined || purse.question !== undefined) return undefined;
      purses.push(purse);
      if (purse.usable(now) < 2) areUsable = false;
      if (purse.remaining(now) > 0) continue;
      if (purse.deniedUntil <= now) return undefined;
      isDenied = true;
    }
    if (areUsable) for (const purse of new Set(purses)) this.#use(purse);
    else if (!isDenied) return undefined;
    return claims.map(({ policy }, index) => {
      const purse = purses[index] as LeasePurse;
      const remaining = purse.remaining(now);
      if (remaining > 0) return { policy, isAllowed: true, remaining, resetSeconds: 0 };
      const resetSeconds = Math.max(1, Math.ceil((purse.resetAt - now) / 1_000));
      return { policy, isAllowed: false, remaining: 0, resetSeconds };
    });
  }

  #use(purse: LeasePurse): void {
    purse.units--;
    if (purse.unsaid++ > 0) return;
    if (this.#unsaid.push(purse) === 1) this.#loop.later(this.#say, this.#sayMs);
  }

  #sayUses(): void {
    if (this.#unsaid.length === 0) return;
    const data: (number | string)[] = [];
    let uses = 0;
    for (const purse of this.#unsaid) {
      data.push(purse.policy, purse.key, purse.unsaid);
      uses += purse.unsaid;
      purse.unsaid = 0;
    }
    this.#unsaid = [];
    this.#sayMs = Math.max(SHORTEST_SAY_MS, Math.min(uses / USES_OF_A_MS, LONGEST_SAY_MS));
    this.#line.tell(MESSAGES.used, data);
  }

  /** Waits for a question that is under way for one of its keys, or asks. */
  #wait(waiter: Waiter, now: number): void {
    if (this.#isClosed) {
      waiter.reject(lineClosed());
      return;
    }
    this.#makeRoom(now);
    const { places, indexes } = this.#placesOf(waiter.claims, now);
    const wantsLeases = places.every(({ table }) => table.isLeased);
    if (wantsLeases) {
      for (const { table, key } of places) {
        const question = table.find(key)?.question;
        if (question === undefined || question.hasFailed) continue;
        question.waiters.push(waiter);
        return;
      }
    }
    const question: LeaseQuestion = { asker: waiter, places, indexes, askedAt: now, waiters: [], hasFailed: false };
    if (wantsLeases) for (const { table, key } of places) hold(table.find(key) ?? table.open(key), question);
    this.#ask(question, wantsLeases);
  }

  #ask(question: LeaseQuestion, wantsLeases: boolean): void {
    const id = ++this.#lastQuestion;
    this.#questions.set(id, question);
    const data: (number | string)[] = [id, wantsLeases ? 1 : 0];
    for (const { table, key } of question.places) data.push(table.number, key);
    if (this.#unasked.push(data) === 1) this.#loop.afterReads(() => this.#askAll());
  }

  #askAll(): void {
    this.#sayUses();
    const questions = this.#unasked;
    this.#unasked = [];
    for (const data of questions) this.#line.tell(MESSAGES.ask, data);
  }

  #hearAnswer(answer: readonly number[]): void {
    const [id] = answer as readonly [number];
    const question = this.#questions.get(id);
    if (question === undefined) return;
    this.#questions.delete(id);
    const now = this.#clock.read();
    const standings = question.places.map((_place, index) => readStanding(answer, index));
    const isDenied = standings.some(({ isAllowed }) => !isAllowed);
    standings.forEach((standing, index) => learn(question, index, standing, isDenied, now));
    const { asker, indexes } = question;
    asker.resolve(
      asker.claims.map(({ policy }, index) => {
        const { isAllowed, remaining, resetMs } = standings[indexes[index] as number] as Standing;
        return { policy, isAllowed, remaining, resetSeconds: Math.ceil(resetMs / 1_000) };
      }),
    );
    for (const waiter of question.waiters) this.#again(waiter, now);
  }

  #hearFailure([id, isOver]: readonly [number, number]): void {
    const question = this.#questions.get(id);
    if (question === undefined) return;
    question.hasFailed = true;
    for (const { reject } of [question.asker, ...question.waiters.splice(0)]) reject(notCounted());
    if (isOver === 0) return;
    this.#questions.delete(id);
    for (const { table, key } of question.places) {
      const purse = table.find(key);
      if (purse?.question === question) purse.question = undefined;
    }
  }

  #again(waiter: Waiter, now: number): void {
    const decisions = this.#decide(waiter.claims, now);
    if (decisions === undefined) this.#wait(waiter, now);
    else waiter.resolve(decisions);
  }

  #giveBack([lease, policy, key]: readonly [number, number, string]): void {
    const purse = this.#tables[policy]?.find(key);
    if (purse?.lease === lease) purse.units = 0;
    this.#sayUses();
    this.#line.tell(MESSAGES.returned, [lease, policy, key]);
  }

  #end(): void {
    this.#isClosed = true;
    for (const { asker, waiters } of this.#questions.values())
      for (const { reject } of [asker, ...waiters]) reject(lineClosed());
    this.#questions.clear();
  }

  #placesOf(claims: readonly RateLimitClaim[], now: number): { readonly places: Place[]; readonly indexes: number[] } {
    const places: Place[] = [];
    const indexes = claims.map((claim) => {
      const table = this.#tableOf(claim.policy, now);
      const key = shortKey(claim.key);
      const index = places.findIndex((place) => place.table === table && place.key === key);
      return index === -1 ? places.push({ table, key }) - 1 : index;
    });
    return { places, indexes };
  }

  /** The table of a policy, its generations up to date. */
  #tableOf(policy: RateLimitPolicy, now: number): PurseTable {
    for (const table of this.#tables) {
      if (table.policy !== policy && !table.isFor(policy)) continue;
      table.age(now);
      return table;
    }
    const { name, max, windowMs, algorithm } = policy;
    const table = new PurseTable(policy, this.#tables.length, now);
    this.#tables.push(table);
    this.#line.tell(MESSAGES.policy, [name, max, windowMs, algorithm]);
    return table;
  }

  #makeRoom(now: number): void {
    let size = 0;
    for (const table of this.#tables) size += table.size;
    if (size >= this.#maxKeys / 2) for (const table of this.#tables) table.turn(now);
  }
}

function hold(purse: LeasePurse, question: LeaseQuestion): void {
  purse.units = 0;
  purse.question = question;
}

/** Keeps what an answer says of one place. */
function learn(question: LeaseQuestion, index: number, standing: Standing, isDenied: boolean, now: number): void {
  const { askedAt } = question;
  const { table, key } = question.places[index] as Place;
  const { remaining, resetMs, deniedMs, lease, units } = standing;
  let purse = table.find(key);
  if (purse?.question === question) {
    purse.question = undefined;
    purse.lease = lease;
    purse.units = units;
    purse.endsAt = askedAt + table.usableMs;
  }
  if (remaining > 0 && !isDenied) {
    // What it was told before may have been of units that others have given back since.
    if (purse !== undefined) purse.deniedUntil = Number.NEGATIVE_INFINITY;
    return;
  }
  purse ??= table.open(key);
  purse.known = remaining;
  purse.knownUntil = askedAt + table.usableMs;
  purse.deniedUntil = remaining > 0 ? Number.NEGATIVE_INFINITY : askedAt + deniedMs;
  purse.resetAt = now + resetMs;
}

function notCounted(): Error {
  return new Error('What counts the limits does not answer.');
}

function lineClosed(): Error {
  return new Error('The process that counts is gone.');
}
