import {
  endLeasesOf,
  freeUnits,
  grantLease,
  type LeaseBook,
  leaseMs,
  noteUse,
  openBook,
  waitMs,
} from '../../src/leases/lease-book.ts';
import {
  emptyPurse,
  isDenied,
  type LeasePurse,
  noteDenial,
  openPurse,
  putLease,
  useUnit,
} from '../../src/leases/lease-purse.ts';
import type { RateLimitPolicy } from '../../src/rate-limit-policy.ts';

type Upward =
  | { readonly kind: 'ask'; readonly from: number; readonly askedAt: number }
  | { readonly kind: 'used'; readonly id: number }
  | { readonly kind: 'emptied'; readonly from: number; readonly question: number };
type Downward =
  | { readonly kind: 'granted'; readonly id: number; readonly units: number; readonly askedAt: number }
  | { readonly kind: 'denied'; readonly ms: number; readonly askedAt: number }
  | { readonly kind: 'recall'; readonly question: number };

interface Child {
  purse: LeasePurse;
  readonly inbox: Downward[];
  waiting: number;
  isAsking: boolean;
  isAlive: boolean;
}

/** The first question waits until other processes have given back what they do not use, and the others behind it. */
interface Question {
  readonly id: number;
  readonly from: number;
  readonly askedAt: number;
  /** `undefined` until they are asked. */
  unanswered: Set<number> | undefined;
}

/**
 * Processes that use one key, and the one that counts. Messages to the processes take any time, in their order; what a
 * process has written is read before anything is judged. Nothing moves by itself.
 */
export class LeaseWorld {
  now = 0;
  /** When units were used. */
  readonly admitted: number[] = [];
  readonly violations: string[] = [];
  roundTrips = 0;
  readonly #policy: RateLimitPolicy;
  readonly #children: Child[];
  readonly #upward: Upward[] = [];
  readonly #book: LeaseBook = openBook();
  #questions: Question[] = [];

  constructor(policy: RateLimitPolicy, children: number) {
    this.#policy = policy;
    this.#children = Array.from({ length: children }, newChild);
  }

  /** A request comes to a process. */
  request(index: number): void {
    const child = this.#children[index] as Child;
    if (!child.isAlive || isDenied(child.purse, this.now)) return;
    if (this.#use(child)) return;
    child.waiting += 1;
    this.#ask(index);
  }

  /** The next message to a process arrives. */
  deliver(index: number): void {
    const child = this.#children[index] as Child;
    const message = child.inbox.shift();
    if (message === undefined || !child.isAlive) return;
    if (message.kind === 'recall') {
      emptyPurse(child.purse);
      this.#upward.push({ kind: 'emptied', from: index, question: message.question });
      return;
    }
    child.isAsking = false;
    if (message.kind === 'denied') {
      noteDenial(child.purse, message.askedAt + message.ms);
      child.waiting = 0;
      return;
    }
    putLease(child.purse, message.id, message.units, message.askedAt, leaseMs(this.#policy));
    while (child.waiting > 0 && this.#use(child)) child.waiting -= 1;
    if (child.waiting > 0) this.#ask(index);
  }

  /** A process dies, and another takes its place. What it had written is read. */
  kill(index: number): void {
    this.judge();
    endLeasesOf(this.#book, String(index));
    this.#children[index] = newChild();
    this.#questions = this.#questions.filter(({ from }) => from !== index);
    this.#questions[0]?.unanswered?.delete(index);
    this.judge();
  }

  /** Whoever has not answered a recall by now is silent, and is waited for no longer. */
  loseSilent(): void {
    this.judge();
    const question = this.#questions.shift();
    if (question !== undefined) this.#answer(question);
    this.judge();
  }

  /** The one that counts reads what was written, and answers what it can. */
  judge(): void {
    for (let message = this.#upward.shift(); message !== undefined; message = this.#upward.shift()) this.#hear(message);
    for (let question = this.#questions[0]; question !== undefined; question = this.#questions[0]) {
      if (question.unanswered === undefined) this.#recall(question);
      if ((question.unanswered?.size ?? 0) > 0) return;
      this.#questions.shift();
      this.#answer(question);
    }
  }

  #hear(message: Upward): void {
    if (message.kind === 'used') noteUse(this.#book, this.#policy, message.id, 1, this.now);
    else if (message.kind === 'emptied') {
      // What was granted after the recall is not meant.
      const [question] = this.#questions;
      if (question?.id !== message.question) return;
      endLeasesOf(this.#book, String(message.from));
      question.unanswered?.delete(message.from);
    } else {
      this.roundTrips += 1;
      // Who asks has nothing left.
      endLeasesOf(this.#book, String(message.from));
      this.#questions.push({
        id: this.roundTrips,
        from: message.from,
        askedAt: message.askedAt,
        unanswered: undefined,
      });
    }
  }

  #recall(question: Question): void {
    const isFree = freeUnits(this.#book, this.#policy, this.now) > 0;
    const others = this.#holders().filter((holder) => holder !== question.from);
    question.unanswered = new Set(isFree ? [] : others);
    for (const holder of question.unanswered)
      (this.#children[holder] as Child).inbox.push({ kind: 'recall', question: question.id });
  }

  #answer({ from, askedAt, unanswered = new Set() }: Question): void {
    const { inbox } = this.#children[from] as Child;
    const free = freeUnits(this.#book, this.#policy, this.now);
    if (free > 0) {
      const units = Math.max(1, Math.floor(free / (2 * this.#children.length)));
      const { id } = grantLease(this.#book, this.#policy, String(from), units, this.now);
      inbox.push({ kind: 'granted', id, units, askedAt });
      return;
    }
    this.#checkDenial(unanswered);
    inbox.push({ kind: 'denied', ms: waitMs(this.#book, this.#policy, this.now), askedAt });
  }

  #checkDenial(silent: ReadonlySet<number>): void {
    const { max, windowMs } = this.#policy;
    const recent = this.admitted.filter((at) => this.now - at <= windowMs * (17 / 16)).length;
    let held = 0;
    for (const { holder, units } of this.#book.leases) if (silent.has(Number(holder))) held += units;
    if (recent + held < max) this.violations.push(`denied at ${this.now} with ${recent} used and ${held} held`);
  }

  #use(child: Child): boolean {
    const id = useUnit(child.purse, this.now);
    if (id === undefined) return false;
    this.#upward.push({ kind: 'used', id });
    this.admitted.push(this.now);
    const { max, windowMs } = this.#policy;
    const within = this.admitted.filter((at) => this.now - at < windowMs).length;
    if (within > max) this.violations.push(`${within} used in the window that ends at ${this.now}`);
    return true;
  }

  #ask(index: number): void {
    const child = this.#children[index] as Child;
    if (child.isAsking) return;
    child.isAsking = true;
    this.#upward.push({ kind: 'ask', from: index, askedAt: this.now });
  }

  #holders(): readonly number[] {
    freeUnits(this.#book, this.#policy, this.now);
    return [...new Set(this.#book.leases.map(({ holder }) => Number(holder)))];
  }
}

function newChild(): Child {
  return { purse: openPurse(), inbox: [], waiting: 0, isAsking: false, isAlive: true };
}
