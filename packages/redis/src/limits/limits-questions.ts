import type { Loop, Standing } from '@portlight/rate-limit/leases';
import type { Claim, LimitsJudge, Verdict } from './limits-judge.ts';

/** Takes that wait for their answer. */
export interface Question {
  readonly process: string;
  readonly wantsLeases: boolean;
  /** Of the leases that it may be granted. */
  readonly lease: number;
  readonly claims: readonly Claim[];
  /** Nobody waits for it any more. */
  readonly isVain: () => boolean;
  readonly answer: (standings: readonly Standing[]) => void;
  /** There is no answer in time; or there will be none at all. */
  readonly fail: (isOver: boolean) => void;
}

/** A question that has no answer yet. */
interface Open {
  readonly question: Question;
  round: number;
  /** Whether Redis has it; else it waits for what others give back. */
  isAsked: boolean;
  /** Something was given back while Redis had it. */
  isStale: boolean;
  hasFailed: boolean;
}

/** Asks the judge, and again when others gave back what was missing, or have had their time. */
export class LimitsQuestions {
  readonly #judge: LimitsJudge;
  readonly #loop: Loop;
  readonly #answerMs: number;
  /** By the keys that they are about. */
  readonly #open: Map<string, Set<Open>> = new Map();

  /** @param answerMs what Redis has for an answer */
  constructor(judge: LimitsJudge, loop: Loop, answerMs: number) {
    this.#judge = judge;
    this.#loop = loop;
    this.#answerMs = answerMs;
  }

  ask(question: Question): void {
    const open: Open = { question, round: 0, isAsked: false, isStale: false, hasFailed: false };
    for (const { redisKey } of question.claims) {
      const others = this.#open.get(redisKey);
      if (others === undefined) this.#open.set(redisKey, new Set([open]));
      else others.add(open);
    }
    void this.#ask(open);
  }

  /** Something of this key was given back. */
  again(redisKey: string): void {
    for (const open of [...(this.#open.get(redisKey) ?? [])]) {
      if (open.isAsked) open.isStale = true;
      else void this.#ask(open);
    }
  }

  async #ask(open: Open): Promise<void> {
    const { question } = open;
    if (question.isVain()) {
      this.#close(open);
      question.fail(true);
      return;
    }
    open.isAsked = true;
    open.isStale = false;
    const round = ++open.round;
    // In two halves: what arrives while this process is busy is heard before the second one is over.
    const half = this.#answerMs / 2;
    this.#loop.later(() => this.#loop.later(() => this.#failLate(open, round), half), half);
    try {
      const { process, wantsLeases, lease, claims } = question;
      this.#hear(open, await this.#judge.ask(process, wantsLeases, lease, claims));
    } catch {
      this.#close(open);
      question.fail(true);
    }
  }

  #hear(open: Open, verdict: Verdict): void {
    const { question, round } = open;
    open.isAsked = false;
    if ('standings' in verdict) {
      this.#close(open);
      question.answer(verdict.standings);
    } else if (open.hasFailed) {
      this.#close(open);
      question.fail(true);
    } else if (open.isStale) {
      void this.#ask(open);
    } else {
      const askAgain = (): unknown => !open.isAsked && open.round === round && this.#ask(open);
      this.#loop.later(askAgain, Math.ceil(verdict.waitMs) + 1);
    }
  }

  #failLate(open: Open, round: number): void {
    if (!open.isAsked || open.round !== round) return;
    open.hasFailed = true;
    open.question.fail(false);
  }

  #close(open: Open): void {
    open.round++;
    open.isAsked = false;
    for (const { redisKey } of open.question.claims) {
      const others = this.#open.get(redisKey);
      others?.delete(open);
      if (others?.size === 0) this.#open.delete(redisKey);
    }
  }
}
