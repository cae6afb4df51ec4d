import type { BusMessage, PassedMessage } from 'portlight';
import type { RedisLink } from '../link/redis-link.ts';
import { STATE } from './state-script.ts';

/** Of how many topics something may be passed on aside during one outage. */
const MOST_TOPICS = 10_000;

/**
 * Messages that reach this machine alone, since Redis is away. Members elsewhere miss them, so when it is back the
 * topics skip a number: all see that something is missing there, histories too.
 */
export class Asides {
  readonly #link: RedisLink;
  readonly #topics: Set<string> = new Set();
  #seq = 0;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  /** @returns `undefined` where there are too many topics */
  number(message: BusMessage): PassedMessage | undefined {
    if (this.#topics.size >= MOST_TOPICS && !this.#topics.has(message.topic)) return undefined;
    this.#topics.add(message.topic);
    const position = { epoch: `aside.${this.#link.machine}`, seq: ++this.#seq };
    return { ...message, position, prev: this.#seq - 1, isKept: false, isAside: true };
  }

  /** Redis is back. What fails is done when it is back again. */
  settle(): void {
    for (const topic of this.#topics) {
      this.#topics.delete(topic);
      this.#link
        .run(STATE, [this.#link.key('shared')], ['skip', topic, this.#link.machine])
        .catch(() => void this.#topics.add(topic));
    }
  }
}
