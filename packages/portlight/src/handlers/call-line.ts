import type { Turn, Turns } from '../turns/turns.ts';

/** Which handler of a channel a call is to. */
export type ChannelMoment = 'open' | 'message' | 'drain' | 'gap' | 'close';

interface Call {
  readonly moment: ChannelMoment;
  /** Neither throws nor rejects. */
  readonly run: () => Promise<unknown> | undefined;
}

/**
 * The calls of one channel, one after the other, in the order in which they became due. Where there are turns, each
 * asks for its own when it is due, whatever it has to wait for.
 */
export class CallLine {
  readonly #turns: Turns;
  readonly #onOverdue: (moment: ChannelMoment, limitMs: number) => void;
  readonly #waiting: Call[] = [];
  /** The one at work. */
  #current: Call | undefined;
  /** Turns that were given back, since the call before had lost its own and was still at work. */
  #passed = 0;

  /** @param onOverdue told of a call that loses its turn, as it takes too long */
  constructor(turns: Turns, onOverdue: (moment: ChannelMoment, limitMs: number) => void) {
    this.#turns = turns;
    this.#onOverdue = onOverdue;
  }

  /** @param run a call to the app, whose promise is waited for; it neither throws nor rejects */
  add(moment: ChannelMoment, run: Call['run']): void {
    this.#waiting.push({ moment, run });
    if (!this.#ask() && this.#current === undefined) this.#runAll();
  }

  /** @returns whether there are turns at all */
  #ask(): boolean {
    const turn = this.#turns.ofChannel(this.#tellOverdue);
    void turn?.then((own) => this.#runWithin(own));
    return turn !== undefined;
  }

  readonly #tellOverdue = (limitMs: number): void => {
    if (this.#current !== undefined) this.#onOverdue(this.#current.moment, limitMs);
  };

  /** Turns come in the order in which they were asked for, so each is for the first that waits. */
  #runWithin(turn: Turn): void {
    if (this.#current !== undefined) {
      this.#passed++;
      turn.end();
      return;
    }
    const work = this.#runFirst();
    const finish = (): void => {
      turn.end();
      this.#current = undefined;
      const passed = this.#passed;
      this.#passed = 0;
      for (let count = 0; count < passed; count++) this.#ask();
    };
    if (work === undefined) finish();
    else void work.then(finish);
  }

  #runAll(): void {
    while (this.#waiting.length > 0) {
      const work = this.#runFirst();
      if (work !== undefined) {
        void work.then(() => {
          this.#current = undefined;
          this.#runAll();
        });
        return;
      }
      this.#current = undefined;
    }
  }

  #runFirst(): Promise<unknown> | undefined {
    this.#current = this.#waiting.shift();
    return this.#current?.run();
  }
}
