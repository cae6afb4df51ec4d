import type { LeaseLine, RateLimitPolicy } from '@portlight/rate-limit';
import { type Loop, MESSAGES, type Standing, writeAnswer } from '@portlight/rate-limit/leases';
import type { PartLink } from '../link/redis-link.ts';
import { limitKey } from './limit-key.ts';
import { type Held, type Holding, LimitsHoldings } from './limits-holdings.ts';
import type { LimitsJudge, Saying, Terms } from './limits-judge.ts';
import type { LimitsQuestions, Question } from './limits-questions.ts';

const SHORTEST_SWEEP_MS = 50;
const LONGEST_SWEEP_MS = 1_000;

/** What the holders of a machine share. */
export interface Desk {
  readonly link: PartLink;
  readonly judge: LimitsJudge;
  readonly questions: LimitsQuestions;
  readonly loop: Loop;
  /** A number that no other lease of this machine has. */
  readonly nextLease: () => number;
}

/** One key of a question of a process. */
interface Place {
  readonly holdings: LimitsHoldings;
  readonly redisKey: string;
  readonly key: string;
}

/** A process that holds leases, as its machine sees it: what it says is said to Redis, and what comes back to it. */
export class LimitsHolder {
  /** `<machine>/<process>`, which no other one has. */
  readonly name: string;
  readonly #desk: Desk;
  readonly #line: LeaseLine;
  readonly #holdings: LimitsHoldings[] = [];
  readonly #onGone: () => void;
  #isClosed = false;
  #isSweeping = false;

  /** @param onGone called when its line is closed and all that it had is given back */
  constructor(name: string, line: LeaseLine, desk: Desk, onGone: () => void) {
    this.name = name;
    this.#line = line;
    this.#desk = desk;
    this.#onGone = onGone;
    line.on(MESSAGES.policy, (data) => this.#addPolicy(data as readonly unknown[]));
    line.on(MESSAGES.used, (data) => this.#hearUses(data as readonly (number | string)[]));
    line.on(MESSAGES.returned, (data) => this.#hearReturn(data as readonly [number, number, string]));
    line.on(MESSAGES.ask, (data) => this.#hearQuestion(data as readonly (number | string)[]));
    line.onClosed(() => this.#close());
  }

  /** Somebody needs what it holds. */
  recall(redisKey: string, number: number, terms: Terms): void {
    for (const holdings of this.#holdings) {
      const holding = holdings.find(redisKey);
      if (holding?.question?.lease === number) holding.isRecalled = true;
      else if (holding?.lease?.number === number) this.#recall(holdings, holding, holding.lease);
      else continue;
      return;
    }
    this.#desk.judge.giveBackUnknown(this.name, redisKey, number, terms);
  }

  /** It needs nothing any more of what it holds. */
  recallAll(): void {
    for (const holdings of this.#holdings) {
      for (const holding of holdings.all()) {
        if (holding.question !== undefined) holding.isRecalled = true;
        else if (holding.lease !== undefined) this.#recall(holdings, holding, holding.lease);
      }
    }
  }

  #recall(holdings: LimitsHoldings, holding: Holding, lease: Held): void {
    if (this.#isClosed) this.#giveBack(holdings, [holding]);
    else this.#line.tell(MESSAGES.recall, [lease.number, holdings.number, holding.key]);
  }

  #addPolicy([name, max, windowMs, algorithm]: readonly unknown[]): void {
    const policy = { name, max, windowMs, algorithm } as RateLimitPolicy;
    this.#holdings.push(new LimitsHoldings(policy, this.#holdings.length));
  }

  #placeOf(policy: number, key: string): Place {
    const holdings = this.#holdings[policy] as LimitsHoldings;
    return { holdings, key, redisKey: limitKey(this.#desk.link, holdings.policy, key) };
  }

  #hearUses(data: readonly (number | string)[]): void {
    const sayings: Saying[] = [];
    for (let index = 0; index < data.length; index += 3) {
      const { holdings, redisKey } = this.#placeOf(data[index] as number, data[index + 1] as string);
      const lease = holdings.find(redisKey)?.lease;
      const unsaid = data[index + 2] as number;
      if (lease !== undefined) lease.used += unsaid;
      sayings.push(sayingOf(holdings, redisKey, lease, unsaid, false));
    }
    // The next message of the same lease says all that it has used, so one that was lost loses nothing.
    this.#say(sayings).catch(() => {});
  }

  #hearReturn([number, policy, key]: readonly [number, number, string]): void {
    const { holdings, redisKey } = this.#placeOf(policy, key);
    const holding = holdings.find(redisKey);
    if (holding?.lease?.number === number) this.#giveBack(holdings, [holding]);
    else this.#desk.judge.giveBackUnknown(this.name, redisKey, number, holdings.terms);
  }

  #hearQuestion(data: readonly (number | string)[]): void {
    const [id, wantsLeases] = data as readonly [number, number];
    const places: Place[] = [];
    for (let index = 2; index < data.length; index += 2)
      places.push(this.#placeOf(data[index] as number, data[index + 1] as string));
    this.#ask(id, wantsLeases === 1 && places.every(({ holdings }) => holdings.mayGrow), places);
  }

  #ask(id: number, wantsLeases: boolean, places: readonly Place[]): void {
    const askedAt = this.#desk.loop.now();
    const question: Question = {
      process: this.name,
      wantsLeases,
      lease: this.#desk.nextLease(),
      claims: places.map(({ holdings, redisKey }) => {
        const { number = 0, used = 0 } = holdings.find(redisKey)?.lease ?? {};
        return { redisKey, terms: holdings.terms, lease: number, used };
      }),
      isVain: () => this.#isClosed,
      answer: (standings) => this.#answer(id, question, places, standings, askedAt),
      fail: (isOver) => this.#fail(id, question, places, isOver),
    };
    if (wantsLeases)
      for (const { holdings, redisKey, key } of places) {
        const holding = holdings.open(redisKey, key);
        holding.question = question;
        holding.isRecalled = false;
      }
    this.#desk.questions.ask(question);
  }

  #answer(id: number, question: Question, places: readonly Place[], standings: readonly Standing[], at: number): void {
    const recalled: [LimitsHoldings, Holding, Held][] = [];
    places.forEach(({ holdings, redisKey, key }, index) => {
      if (holdings.find(redisKey)?.question !== question) return;
      const { lease: number, units } = standings[index] as Standing;
      const holding = holdings.open(redisKey, key);
      holding.question = undefined;
      holding.lease = units === 0 ? undefined : { number, used: 0, endsAt: at + holdings.countedMs };
      if (holding.isRecalled && holding.lease !== undefined) recalled.push([holdings, holding, holding.lease]);
      holdings.tidy(holding);
    });
    if (this.#isClosed) for (const holdings of this.#holdings) holdings.endAll();
    else this.#line.tell(MESSAGES.answer, writeAnswer(id, standings));
    for (const [holdings, holding, lease] of recalled) this.#recall(holdings, holding, lease);
    if (this.#isClosed) this.#sweep();
    else this.#sweepLater();
  }

  #fail(id: number, question: Question, places: readonly Place[], isOver: boolean): void {
    if (isOver)
      for (const { holdings, redisKey } of places) {
        const holding = holdings.find(redisKey);
        if (holding?.question !== question) continue;
        holding.question = undefined;
        holdings.tidy(holding);
      }
    if (!this.#isClosed) this.#line.tell(MESSAGES.failed, [id, isOver ? 1 : 0]);
    else if (isOver) this.#sweep();
  }

  #close(): void {
    this.#isClosed = true;
    for (const holdings of this.#holdings) holdings.endAll();
    this.#sweep();
  }

  /** Gives back what has ended. What cannot be said is said again later. */
  #sweep(): void {
    const now = this.#desk.loop.now();
    for (const holdings of this.#holdings) {
      const ended = holdings.ended(now);
      if (ended.length > 0) this.#giveBack(holdings, ended);
    }
    this.#endIfGone();
    this.#sweepLater();
  }

  #sweepLater(): void {
    const held = this.#holdings.filter(({ size }) => size > 0);
    if (this.#isSweeping || held.length === 0) return;
    this.#isSweeping = true;
    const part = Math.min(...held.map(({ policy }) => policy.windowMs)) / 64;
    this.#desk.loop.later(
      () => {
        this.#isSweeping = false;
        this.#sweep();
      },
      Math.min(Math.max(part, SHORTEST_SWEEP_MS), LONGEST_SWEEP_MS),
    );
  }

  #giveBack(holdings: LimitsHoldings, some: readonly Holding[]): void {
    const given = some.map((holding) => [holding, holding.lease] as const);
    this.#say(given.map(([{ redisKey }, lease]) => sayingOf(holdings, redisKey, lease, 0, true))).then(
      () => {
        for (const [holding, lease] of given) {
          if (holding.lease === lease) holding.lease = undefined;
          holdings.tidy(holding);
        }
        this.#endIfGone();
      },
      () => {},
    );
  }

  #endIfGone(): void {
    if (!this.#isClosed || this.#holdings.some(({ size }) => size > 0)) return;
    this.#holdings.length = 0;
    this.#desk.judge.leave(this.name).catch(() => {});
    this.#onGone();
  }

  #say(sayings: readonly Saying[]): Promise<void> {
    return this.#desk.judge.tell(this.name, sayings);
  }
}

function sayingOf(
  { terms }: LimitsHoldings,
  redisKey: string,
  lease: Held | undefined,
  unsaid: number,
  isOver: boolean,
): Saying {
  return { redisKey, terms, lease: lease?.number ?? 0, used: lease?.used ?? 0, unsaid, isOver };
}
