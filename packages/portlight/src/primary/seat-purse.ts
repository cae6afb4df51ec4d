import type { Shortage } from '../backplane/admission.ts';
import type { SeatReply, SeatRequest } from './seat-messages.ts';

/** Units that this process has of one limit, and how many of them are used. */
interface Holding {
  units: number;
  used: number;
}

interface Waiter {
  readonly key: string;
  readonly settle: (outcome: 'taken' | Shortage) => void;
  /** Whether it has a unit of its address, and so only waits for one of all: it keeps it from nobody else. */
  isIn: boolean;
  /** The key of the question whose answer decides on it. */
  question: string | undefined;
}

/** With fewer units left it asks for more, unless it shall have only what it uses. */
const FEW = 8;
/** Of more unused units than that it gives back all but half of so many. */
const MANY = 64;

/**
 * What a process may fill by itself: seats in all, and for each address its share, or what it was granted beyond that.
 * Who finds no unit waits for the primary.
 */
export class SeatPurse {
  readonly #say: (request: SeatRequest) => void;
  readonly #all: Holding = { units: 0, used: 0 };
  /** Those that are not as at the beginning: nothing used, and as many units as the share. */
  readonly #addresses: Map<string, Holding> = new Map();
  /** `undefined` where addresses are not counted. */
  #share: number | undefined;
  #isWelcome = false;
  #most = MANY;
  #few = FEW;
  /** For how many units of a key the primary was asked. */
  readonly #questions: Map<string, number> = new Map();
  #waiting: Waiter[] = [];
  /** Whether the primary had nothing beside what was waited for. */
  #isDry = false;

  constructor(say: (request: SeatRequest) => void) {
    this.#say = say;
  }

  /** Of how many addresses something is known. */
  get addresses(): number {
    return this.#addresses.size;
  }

  /** To be called first. */
  join(): void {
    this.#questions.set('', 0);
    this.#say({ type: 'join' });
  }

  /**
   * Takes a seat, now or later.
   *
   * @param key `''` for nobody in particular
   * @returns whether it is taken; else `settle` is called once
   */
  take(key: string, settle: (outcome: 'taken' | Shortage) => void): boolean {
    const waiter: Waiter = { key, settle, isIn: false, question: undefined };
    if (this.#isWelcome && this.#fill(waiter)) return true;
    this.#waiting.push(waiter);
    this.#ask();
    return false;
  }

  release(key: string): void {
    this.#all.used -= 1;
    if (this.#isCounted(key)) this.#free(key);
    this.#serve();
    this.#giveBack('', this.#all, this.#most);
  }

  hear(reply: SeatReply): void {
    if (reply.type === 'welcome') this.#begin(reply);
    else if (reply.type === 'grant') this.#put(reply.key, reply.units, reply.isAnswer);
    else this.#answerRecall(reply.key, reply.round);
  }

  #begin({ share, isExact, bare }: SeatReply & { readonly type: 'welcome' }): void {
    this.#share = share;
    if (isExact) this.#most = this.#few = 0;
    this.#isWelcome = true;
    for (const key of bare) this.#keep(key, { units: 0, used: 0 });
    this.#serve();
  }

  #put(key: string, units: number, isAnswer: boolean): void {
    const holding = this.#holdingOf(key);
    holding.units += units;
    this.#keep(key, holding);
    if (key === '' && isAnswer) this.#isDry = units === 0;
    // Where less was granted there is no more, and who has asked and got nothing is refused.
    const isAll = isAnswer && units < (this.#questions.get(key) ?? 0);
    const decided = isAll ? this.#waiting.filter(({ question }) => question === key) : [];
    if (isAnswer) this.#questions.delete(key);
    this.#serve();
    for (const waiter of decided) this.#refuse(waiter, key);
    this.#serve();
    this.#ask();
    // Who waited may have gone by what others gave up.
    const left = this.#holdingOf(key);
    this.#giveBack(key, left, key !== '' && left.used === 0 ? 0 : this.#most);
  }

  #answerRecall(key: string, round: number): void {
    const holding = this.#holdingOf(key);
    const units = holding.units - holding.used;
    holding.units = holding.used;
    this.#say({ type: 'recalled', key, units, round });
    this.#keep(key, holding);
  }

  /** Those that have waited, as far as there are units. */
  #serve(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter((waiter) => {
      if (!this.#fill(waiter)) return true;
      waiter.settle('taken');
      return false;
    });
  }

  /** Where the answer for a key has nothing for one that still waits for it. */
  #refuse(waiter: Waiter, key: string): void {
    const index = this.#waiting.indexOf(waiter);
    if (index === -1 || missingOf(waiter) !== key) return;
    this.#waiting.splice(index, 1);
    if (waiter.isIn && this.#isCounted(waiter.key)) this.#free(waiter.key);
    waiter.settle(waiter.isIn ? 'all' : 'address');
  }

  /** Asks for what is waited for, where no question is out. */
  #ask(): void {
    if (!this.#isWelcome) return;
    const wanted = new Map<string, number>();
    for (const waiter of this.#waiting) {
      const key = missingOf(waiter);
      if (this.#questions.has(key)) continue;
      waiter.question = key;
      wanted.set(key, (wanted.get(key) ?? 0) + 1);
    }
    for (const [key, units] of wanted) this.#question(key, units);
  }

  #question(key: string, units: number): void {
    this.#questions.set(key, units);
    this.#say({ type: 'ask', key, units });
  }

  /** Takes what it needs, as far as there is some. @returns whether it has all */
  #fill(waiter: Waiter): boolean {
    waiter.isIn ||= !this.#isCounted(waiter.key) || this.#use(waiter.key);
    const isSeated = waiter.isIn && this.#use('');
    const left = this.#all.units - this.#all.used;
    if (isSeated && left < this.#few && !this.#isDry && !this.#questions.has('')) this.#question('', 0);
    return isSeated;
  }

  #use(key: string): boolean {
    const holding = this.#holdingOf(key);
    if (holding.used >= holding.units) return false;
    holding.used += 1;
    this.#keep(key, holding);
    return true;
  }

  #free(key: string): void {
    const holding = this.#holdingOf(key);
    holding.used -= 1;
    this.#giveBack(key, holding, holding.used === 0 ? 0 : this.#most);
  }

  #giveBack(key: string, holding: Holding, most: number): void {
    const share = key === '' ? 0 : (this.#share ?? 0);
    const spare = holding.units - Math.max(holding.used, share);
    if (spare > most) {
      const units = spare - most / 2;
      holding.units -= units;
      this.#say({ type: 'give', key, units });
    }
    this.#keep(key, holding);
  }

  #isCounted(key: string): boolean {
    return key !== '' && this.#share !== undefined;
  }

  #holdingOf(key: string): Holding {
    return key === '' ? this.#all : (this.#addresses.get(key) ?? { units: this.#share ?? 0, used: 0 });
  }

  /** To be called when it has changed. */
  #keep(key: string, holding: Holding): void {
    if (key === '') return;
    if (holding.used === 0 && holding.units === this.#share) this.#addresses.delete(key);
    else this.#addresses.set(key, holding);
  }
}

/** The key of what one has no unit of that could not be filled. */
function missingOf({ key, isIn }: Waiter): string {
  return isIn ? '' : key;
}
