import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, type Outcome, type Published } from './account.ts';

/** Between two messages of a publisher. */
const PAUSE_MS = 20;

/** Publishes one message after the other, until it is told to stop. */
export class Publisher implements Published {
  readonly name: string;
  readonly outcomes: Map<number, Outcome> = new Map();
  #isOver = false;
  readonly #running: Promise<void>;

  /** @param publish resolves to whether the server has said that the text was published */
  constructor(name: string, publish: (text: string) => Promise<boolean>) {
    this.name = name;
    this.#running = this.#run(publish);
  }

  /** Resolves when the last message has its outcome. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(publish: (text: string) => Promise<boolean>): Promise<void> {
    for (let number = 1; !this.#isOver; number++) {
      const at = performance.now();
      this.outcomes.set(number, { at, isPublished: await publish(messageOf(this.name, number)) });
      await delay(PAUSE_MS);
    }
  }
}
