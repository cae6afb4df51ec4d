import type { Worker } from '@portlight/prefork';
import { DEFAULTS } from '../defaults.ts';
import { MESSAGES } from './child-protocol.ts';

export interface SpareChildrenEvents {
  /** It has been asked, and answers: it is spare no longer, and takes a client at once. */
  onHere(worker: Worker): void;
  /** It has not answered in time, and another one is to be asked in its stead. */
  onLate(): void;
}

/**
 * Children that have no client. One may be busy all the same, with what a handler has left behind after its answer, so
 * each is asked before it gets a client, and one that does not answer keeps nobody waiting.
 */
export class SpareChildren {
  readonly #events: SpareChildrenEvents;
  /** The one that came last is the last, and is asked first. */
  #idle: Map<string, Worker> = new Map();
  /** Those that may still answer in time. */
  readonly #asked: Map<string, NodeJS.Timeout> = new Map();
  readonly #late: Set<string> = new Set();

  constructor(events: SpareChildrenEvents) {
    this.#events = events;
  }

  /** Those that are counted on. */
  get count(): number {
    return this.#idle.size + this.#asked.size;
  }

  get idleCount(): number {
    return this.#idle.size;
  }

  get askedCount(): number {
    return this.#asked.size;
  }

  /** The one that has waited longest of those that were not asked. */
  get longest(): Worker | undefined {
    return this.#idle.values().next().value;
  }

  add(worker: Worker): void {
    this.#idle.set(worker.key, worker);
  }

  /** One that did not take a client: others are asked before it. */
  addLast(worker: Worker): void {
    this.#idle = new Map([[worker.key, worker], ...this.#idle]);
  }

  delete(key: string): void {
    this.#idle.delete(key);
    this.#late.delete(key);
    clearTimeout(this.#asked.get(key));
    this.#asked.delete(key);
  }

  /** Asks one more, if there is one. */
  ask(): void {
    const worker = [...this.#idle.values()].at(-1);
    if (worker === undefined) return;
    const { key, link } = worker;
    this.#idle.delete(key);
    const timer = setTimeout(() => this.#giveUp(key), DEFAULTS.spareAnswerMs).unref();
    this.#asked.set(key, timer);
    link.tell(MESSAGES.ask);
  }

  /** An answer of a child. Nothing where it has ended meanwhile. */
  hear(worker: Worker): void {
    const { key } = worker;
    if (!this.#asked.has(key) && !this.#late.has(key)) return;
    this.delete(key);
    this.#events.onHere(worker);
  }

  #giveUp(key: string): void {
    this.#asked.delete(key);
    this.#late.add(key);
    this.#events.onLate();
  }
}
