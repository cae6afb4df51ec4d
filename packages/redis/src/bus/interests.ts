import type { PassedMessage, ProcessState } from 'portlight';

interface Interest {
  readonly channels: number;
  /** The seq of the last message that is wanted. */
  until: number;
  /** Whether its end was said. */
  isLeaving: boolean;
}

/** In which topics a process is interested, and in which it was a moment ago: their messages may be on their way. */
export class Interests {
  readonly #topics: Map<string, Interest> = new Map();
  /** Those that ended before the last check, and before this one. */
  #ended: readonly [(readonly [string, Interest])[], (readonly [string, Interest])[]] = [[], []];
  /** Where the next check begins. */
  #checked = 0;

  /** All that the process has, instead of what is here. */
  restate(interests: ProcessState['interests']): void {
    this.#topics.clear();
    for (const { topic, channels } of interests) this.set(topic, channels);
  }

  set(topic: string, channels: number): void {
    this.#topics.set(topic, { channels, until: Infinity, isLeaving: false });
  }

  /** @returns to be called with the number of the last message in front of the end, once Redis has said it */
  leave(topic: string): (seq: number) => void {
    const interest = this.#topics.get(topic);
    if (interest === undefined) return () => {};
    interest.isLeaving = true;
    return (seq) => {
      interest.until = seq;
      this.#ended[0].push([topic, interest]);
    };
  }

  /** How many channels a message concerns; `undefined` where it concerns nobody here. */
  channelsOf({ topic, isAside, position }: PassedMessage): number | undefined {
    const interest = this.#topics.get(topic);
    if (interest === undefined) return undefined;
    const isOver = isAside === true ? interest.isLeaving : position.seq > interest.until;
    return isOver ? undefined : interest.channels;
  }

  has(topic: string): boolean {
    return this.#topics.get(topic)?.isLeaving === false;
  }

  /** Some of those that last, others each time: of so many at most it is asked whether Redis knows of them. */
  some(most: number): readonly string[] {
    const topics = [...this.#topics].flatMap(([topic, { isLeaving }]) => (isLeaving ? [] : [topic]));
    const some = topics.slice(this.#checked, this.#checked + most);
    this.#checked = this.#checked + most < topics.length ? this.#checked + most : 0;
    return some;
  }

  /** To be called each second: what those that ended waited for has come by the second time. */
  forgetEnded(): void {
    for (const [topic, interest] of this.#ended[1])
      if (this.#topics.get(topic) === interest) this.#topics.delete(topic);
    this.#ended = [[], this.#ended[0]];
  }
}
