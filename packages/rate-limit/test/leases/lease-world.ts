import {
  LeaseCounter,
  LeasedRateLimitStore,
  type LeaseLine,
  type RateLimitClaim,
  type RateLimitDecision,
  type RateLimitPolicy,
} from '../../src/index.ts';
import { MESSAGES, readStanding } from '../../src/leases/lease-messages.ts';
import { Ledger } from './ledger.ts';

const RECALL_MS = 100;

/** Claims that are taken together, each of another policy or key. */
export type Claims = readonly RateLimitClaim[];

interface Message {
  readonly name: string;
  readonly text: string;
}

/** One end of a line whose messages wait until they are read. */
class WorldLine implements LeaseLine {
  readonly handlers = new Map<string, (data: unknown) => void>();
  readonly closed: (() => void)[] = [];
  readonly onTell: (message: Message) => void;

  constructor(onTell: (message: Message) => void) {
    this.onTell = onTell;
  }

  tell(name: string, data: unknown): void {
    this.onTell({ name, text: JSON.stringify(data) });
  }

  on(name: string, handler: (data: unknown) => void): void {
    this.handlers.set(name, handler);
  }

  onClosed(listener: () => void): void {
    this.closed.push(listener);
  }

  read({ name, text }: Message): void {
    this.handlers.get(name)?.(JSON.parse(text));
  }
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A process with a store, as the world sees it. */
interface Child {
  readonly store: LeasedRateLimitStore;
  /** Its end of the line, and the end of who counts. */
  readonly near: WorldLine;
  readonly far: WorldLine;
  /** What waits to be read on either side. */
  readonly upward: Message[];
  readonly inbox: Message[];
  /** What it said, and is to be booked after the uses that it says. */
  readonly unbooked: Message[];
  readonly timers: Timer[];
  isInCallback: boolean;
  readonly policies: RateLimitPolicy[];
  /** The claims of its questions, by their numbers. */
  readonly questions: Map<number, Claims>;
  /** Takes that were answered, and of which nothing is booked. */
  readonly answered: { readonly claims: Claims; readonly decisions: readonly RateLimitDecision[] }[];
  readonly recalled: Map<number, number>;
  isSilent: boolean;
  /** Units that who is silent held when this process was denied, by place. */
  readonly excused: Map<string, number>;
  readonly leases: Map<string, { units: number; readonly endsAt: number; readonly id: number }>;
}

/**
 * Processes that share counts, and the one that counts. Messages to the processes take any time, in their order; what a
 * process has written is read before anything is judged. Nothing moves by itself.
 */
export class LeaseWorld {
  now = 1_000;
  questions = 0;
  recalls = 0;
  readonly ledger: Ledger = new Ledger();
  readonly children: Child[];
  readonly #counter: LeaseCounter;
  readonly #afterReads: (() => void)[] = [];
  /** Who was denied by the one that counts, and how much who is silent held then. */
  readonly #judged: [RateLimitClaim, number][] = [];
  #timers: Timer[] = [];

  constructor(children: number) {
    this.#counter = new LeaseCounter({
      recallMs: RECALL_MS,
      loop: {
        now: () => this.now,
        afterReads: (run) => void this.#afterReads.push(run),
        later: (run, ms) => void this.#timers.push({ at: this.now + ms, run }),
      },
    });
    this.children = Array.from({ length: children }, () => this.#open());
  }

  /** A request comes to a process. */
  request(index: number, claims: Claims, count = 1): void {
    const child = this.children[index] as Child;
    if (child.isInCallback) return;
    child.isInCallback = true;
    for (let times = 0; times < count; times++) this.#take(child, claims);
  }

  /** The callback in which a process is returns. */
  endCallback(index: number): void {
    const child = this.children[index] as Child;
    child.isInCallback = false;
    this.#bookSaid(child);
    this.#runTimers(child);
  }

  /** The next messages to a process arrive, in one callback. */
  async deliver(index: number, count = 1): Promise<void> {
    const child = this.children[index] as Child;
    if (child.isInCallback) return;
    child.isInCallback = true;
    for (const message of child.inbox.splice(0, count)) {
      child.near.read(message);
      await Promise.resolve();
      this.#book(child, message);
    }
    this.endCallback(index);
  }

  /** All that is said is heard, until nobody says anything. */
  async settle(): Promise<void> {
    for (let isQuiet = false; !isQuiet;) {
      await this.judge();
      isQuiet = this.children.every(({ inbox, isInCallback }) => isInCallback || inbox.length === 0);
      for (const index of this.children.keys()) await this.deliver(index);
    }
  }

  /** Time passes. What a process has to do by then it does, unless it is in a callback. */
  wait(ms: number): void {
    this.now += ms;
    for (const child of this.children) this.#runTimers(child);
    for (const timer of this.#timers.filter(({ at }) => at <= this.now)) {
      this.#timers = this.#timers.filter((each) => each !== timer);
      for (const child of this.children)
        if ([...child.recalled.values()].some((at) => at + RECALL_MS <= this.now)) child.isSilent = true;
      timer.run();
    }
  }

  /** The one that counts reads what was written, and answers what it can. @param first whose line it reads first */
  async judge(first = 0): Promise<void> {
    this.children.forEach((_, index) => this.#read(this.children[(index + first) % this.children.length] as Child));
    for (const run of this.#afterReads.splice(0)) run();
    // What it admitted for itself is booked first.
    await Promise.resolve();
    for (const [claim, held] of this.#judged.splice(0)) this.#checkDenial(claim, held);
  }

  /** The one that counts takes for itself. */
  takeThere(claims: Claims): void {
    const decisions = this.#counter.take(claims);
    if (decisions instanceof Promise) void decisions.then((late) => this.#bookThere(claims, late));
    else this.#bookThere(claims, decisions);
  }

  /** A process dies, and another takes its place. What it had written is read. */
  kill(index: number): void {
    const child = this.children[index] as Child;
    this.#read(child);
    this.ledger.forget(child);
    for (const listener of child.far.closed) listener();
    for (const listener of child.near.closed) listener();
    this.children[index] = this.#open();
  }

  #open(): Child {
    const upward: Message[] = [];
    const unbooked: Message[] = [];
    const inbox: Message[] = [];
    const timers: Timer[] = [];
    const near = new WorldLine((message) => {
      unbooked.push(message);
      upward.push(message);
    });
    const far = new WorldLine((message) => {
      this.#noteTold(child, message);
      inbox.push(message);
    });
    const store = new LeasedRateLimitStore(near, {
      loop: {
        now: () => this.now,
        afterReads: (run) => run(),
        later: (run, ms) => void timers.push({ at: this.now + ms, run }),
      },
    });
    const child: Child = {
      store,
      near,
      far,
      upward,
      unbooked,
      inbox,
      timers,
      isInCallback: false,
      policies: [],
      questions: new Map(),
      answered: [],
      recalled: new Map(),
      isSilent: false,
      excused: new Map(),
      leases: new Map(),
    };
    this.#counter.attach(far);
    return child;
  }

  #take(child: Child, claims: Claims): void {
    const decisions = child.store.take(claims);
    if (decisions instanceof Promise)
      decisions.then(
        (late) => child.answered.push({ claims, decisions: late }),
        () => {},
      );
    else this.#bookTake(child, claims, decisions);
    this.#bookSaid(child);
  }

  #runTimers(child: Child): void {
    if (child.isInCallback) return;
    for (const timer of child.timers.filter(({ at }) => at <= this.now)) {
      child.timers.splice(child.timers.indexOf(timer), 1);
      timer.run();
    }
    this.#bookSaid(child);
  }

  #bookThere(claims: Claims, decisions: readonly RateLimitDecision[]): void {
    if (decisions.every(({ isAllowed }) => isAllowed)) this.ledger.admit(claims, this.now);
    decisions.forEach(({ isAllowed }, index) => {
      const claim = claims[index] as RateLimitClaim;
      if (!isAllowed) this.#checkDenial(claim, this.#heldBySilent(placeOf(claim)));
    });
  }

  /** What a process said by itself. */
  #bookTake(child: Child, claims: Claims, decisions: readonly RateLimitDecision[]): void {
    if (decisions.every(({ isAllowed }) => isAllowed)) this.ledger.use(child, claims, this.now);
    decisions.forEach(({ isAllowed }, index) => {
      const claim = claims[index] as RateLimitClaim;
      if (!isAllowed) this.#checkDenial(claim, child.excused.get(placeOf(claim)) ?? 0);
    });
  }

  /** What became of takes by a message. One of them is the one that asked: it is booked where it was judged. */
  #book(child: Child, { name, text }: Message): void {
    if (name !== MESSAGES.answer) return;
    const [question] = JSON.parse(text) as [number];
    const asked = child.questions.get(question) as Claims;
    const answered = child.answered.splice(0);
    const asker = answered.findIndex(({ claims }) => placesOf(claims) === placesOf(asked));
    answered.splice(asker, 1);
    for (const { claims, decisions } of answered) this.#bookTake(child, claims, decisions);
  }

  #read(child: Child): void {
    for (let message = child.upward.shift(); message !== undefined; message = child.upward.shift()) {
      this.#noteRead(child, message);
      child.far.read(message);
    }
  }

  /** What a process says. */
  #bookSaid(child: Child): void {
    for (const message of child.unbooked.splice(0)) this.#noteSaid(child, message);
  }

  #noteSaid(child: Child, { name, text }: Message): void {
    const data = JSON.parse(text) as (number | string)[];
    if (name === MESSAGES.policy) {
      const [policyName, max, windowMs, algorithm] = data;
      child.policies.push({ name: policyName, max, windowMs, algorithm } as unknown as RateLimitPolicy);
    } else if (name === MESSAGES.used) {
      eachUse(child, data, (claim, units) => this.ledger.say(child, claim, units, this.now));
    }
  }

  /** What who counts hears from a process. */
  #noteRead(child: Child, { name, text }: Message): void {
    const data = JSON.parse(text) as (number | string)[];
    child.isSilent = false;
    if (name === MESSAGES.used) {
      eachUse(child, data, (claim, units) => {
        this.ledger.hear(child, claim, units, this.now);
        const lease = child.leases.get(placeOf(claim));
        if (lease !== undefined) lease.units -= units;
      });
    } else if (name === MESSAGES.ask) {
      this.questions += 1;
      const claims: RateLimitClaim[] = [];
      for (let index = 2; index < data.length; index += 2) claims.push(claimAt(child, data, index));
      child.questions.set(data[0] as number, claims);
      if (data[1] === 1) for (const claim of claims) child.leases.delete(placeOf(claim));
    } else if (name === MESSAGES.returned) {
      const place = placeOf(claimAt(child, data, 1));
      child.recalled.delete(data[0] as number);
      if (child.leases.get(place)?.id === data[0]) child.leases.delete(place);
    }
  }

  /** What who counts says to a process. */
  #noteTold(child: Child, { name, text }: Message): void {
    const data = JSON.parse(text) as number[];
    if (name === MESSAGES.recall) {
      this.recalls += 1;
      child.recalled.set(data[0] as number, this.now);
    }
    if (name !== MESSAGES.answer) return;
    const claims = child.questions.get(data[0] as number) as Claims;
    const standings = claims.map((_, index) => readStanding(data, index));
    if (standings.every(({ isAllowed }) => isAllowed)) this.ledger.admit(claims, this.now);
    standings.forEach(({ isAllowed, lease, units }, index) => {
      const claim = claims[index] as RateLimitClaim;
      const place = placeOf(claim);
      const held = this.#heldBySilent(place);
      child.excused.set(place, held);
      if (!isAllowed) this.#judged.push([claim, held]);
      if (lease !== 0)
        child.leases.set(place, { id: lease, units, endsAt: this.now + (claim.policy.windowMs / 64) * 3 });
    });
  }

  #heldBySilent(place: string): number {
    let held = 0;
    for (const { isSilent, leases } of this.children) {
      const lease = leases.get(place);
      if (isSilent && lease !== undefined && lease.endsAt > this.now) held += lease.units;
    }
    return held;
  }

  #checkDenial(claim: RateLimitClaim, held: number): void {
    this.ledger.checkDenial(claim, held, this.now);
  }
}

function eachUse(
  child: Child,
  data: readonly (number | string)[],
  visit: (claim: RateLimitClaim, units: number) => void,
): void {
  for (let index = 0; index < data.length; index += 3) visit(claimAt(child, data, index), data[index + 2] as number);
}

function claimAt(child: Child, data: readonly (number | string)[], index: number): RateLimitClaim {
  return { policy: child.policies[data[index] as number] as RateLimitPolicy, key: data[index + 1] as string };
}

function placesOf(claims: Claims): string {
  return claims.map(placeOf).join();
}

function placeOf({ policy, key }: RateLimitClaim): string {
  return `${policy.name}/${key}`;
}
