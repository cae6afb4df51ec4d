/** What a pool tells the processes that share it. */
export interface SeatPoolEvents {
  grant(owner: string, units: number, isAnswer: boolean): void;
  /** Wants back what is unused. */
  recall(owner: string, round: number): void;
  /** Recalls were sent; what is not answered in some time is to be given up. */
  recalling(round: number): void;
  /** Somebody has not answered a recall. */
  silent(owner: string): void;
}

interface Question {
  readonly owner: string;
  readonly units: number;
}

/**
 * One limit that several processes keep together. Each has a number of units, of which it may fill as many seats as it
 * likes without a word; all of them together are never more than the limit.
 *
 * Where a question cannot be answered from what nobody has, the others are asked for what they have unused; only then
 * it is refused. A question that comes meanwhile waits for the next round, since who has answered may have more by now.
 */
export class SeatPool {
  readonly #limit: number;
  /** Who shares it, and how many units each has where nothing else is known. */
  readonly #shares: ReadonlyMap<string, number>;
  readonly #batch: number;
  readonly #isSilent: (owner: string) => boolean;
  readonly #events: SeatPoolEvents;
  /** Units of those that have another number than their share. */
  readonly #units: Map<string, number> = new Map();
  /** Who has not answered the recall under way. */
  #recalled: Set<string> | undefined;
  #round = 0;
  /** Questions that are answered at the end of it. */
  #covered: Question[] = [];
  #later: Question[] = [];

  /**
   * @param batch most units that are granted beside those that are waited for
   * @param isSilent whether it is of no use to ask somebody
   */
  constructor(
    limit: number,
    shares: ReadonlyMap<string, number>,
    batch: number,
    isSilent: (owner: string) => boolean,
    events: SeatPoolEvents,
  ) {
    this.#limit = limit;
    this.#shares = shares;
    this.#batch = batch;
    this.#isSilent = isSilent;
    this.#events = events;
  }

  /** Whether there is nothing to know of it: each has its share, and nobody waits. */
  get isQuiet(): boolean {
    return this.#units.size === 0 && this.#recalled === undefined && this.#later.length === 0;
  }

  /** How many units nobody has. */
  get free(): number {
    let free = this.#limit;
    for (const owner of this.#shares.keys()) free -= this.#unitsOf(owner);
    return free;
  }

  /** A process came that has its share by now. @returns whether there is no room for that, so that it has nothing */
  strip(owner: string): boolean {
    if (this.free >= 0) return false;
    this.#set(owner, 0);
    return true;
  }

  /** @param units 0: as many as there are at hand */
  ask(owner: string, units: number): void {
    const isAlone = this.#recalled === undefined && this.#later.length === 0;
    if (units === 0) {
      this.#grant(owner, isAlone ? this.#spare(0) : 0, true);
      return;
    }
    this.#later.push({ owner, units });
    this.#decide();
  }

  give(owner: string, units: number): void {
    this.#set(owner, this.#unitsOf(owner) - units);
    this.#decide();
  }

  recalled(owner: string, units: number, round: number): void {
    if (round === this.#round) this.#recalled?.delete(owner);
    this.give(owner, units);
  }

  /** Who has not answered yet is waited for no longer. */
  giveUp(round: number): void {
    if (round !== this.#round || this.#recalled === undefined) return;
    for (const owner of this.#recalled) this.#events.silent(owner);
    this.#recalled.clear();
    this.#decide();
  }

  /** A process is gone, also from the shares, with all its units. */
  lose(owner: string): void {
    this.#units.delete(owner);
    this.#recalled?.delete(owner);
    this.#covered = this.#covered.filter((question) => question.owner !== owner);
    this.#later = this.#later.filter((question) => question.owner !== owner);
    this.#decide();
  }

  #decide(): void {
    if (this.#recalled !== undefined) {
      this.#serve(this.#covered);
      if (this.#covered.length === 0) this.#serve(this.#later);
      if (this.#recalled.size > 0) return;
      this.#recalled = undefined;
      for (const { owner, units } of this.#covered.splice(0)) this.#grant(owner, Math.min(this.free, units), true);
    }
    this.#serve(this.#later);
    if (this.#later.length > 0) this.#recall();
    else this.#restore();
  }

  /** Answers as many as can be answered in full. */
  #serve(questions: Question[]): void {
    for (;;) {
      const [first] = questions;
      if (first === undefined || first.units > this.free) return;
      questions.shift();
      const isLast = this.#covered.length + this.#later.length === 0;
      this.#grant(first.owner, first.units + (isLast ? this.#spare(first.units) : 0), true);
    }
  }

  #recall(): void {
    this.#covered = this.#later;
    this.#later = [];
    const [first] = this.#covered;
    const isOneAsker = this.#covered.every(({ owner }) => owner === first?.owner);
    const asked = [...this.#shares.keys()].filter(
      (owner) => this.#unitsOf(owner) > 0 && !this.#isSilent(owner) && !(isOneAsker && owner === first?.owner),
    );
    this.#recalled = new Set(asked);
    this.#round += 1;
    for (const owner of asked) this.#events.recall(owner, this.#round);
    if (asked.length > 0) this.#events.recalling(this.#round);
    else this.#decide();
  }

  /** Where there is room for that, who has less than its share gets it, and is no longer different from others. */
  #restore(): void {
    let free = this.#limit;
    for (const [owner, share] of this.#shares) free -= Math.max(share, this.#unitsOf(owner));
    if (free < 0) return;
    for (const [owner, units] of [...this.#units]) {
      const share = this.#shares.get(owner) ?? 0;
      if (units < share) this.#grant(owner, share - units, false);
    }
  }

  /** How many may go with so many others to one who asks. */
  #spare(units: number): number {
    return Math.max(0, Math.min(this.#batch, Math.floor((this.free - units) / (2 * this.#shares.size))));
  }

  #grant(owner: string, units: number, isAnswer: boolean): void {
    this.#set(owner, this.#unitsOf(owner) + units);
    this.#events.grant(owner, units, isAnswer);
  }

  #unitsOf(owner: string): number {
    return this.#units.get(owner) ?? this.#shares.get(owner) ?? 0;
  }

  #set(owner: string, units: number): void {
    if (units === this.#shares.get(owner)) this.#units.delete(owner);
    else this.#units.set(owner, units);
  }
}
