import { setTimeout as delay } from 'node:timers/promises';
import type { AppMachine } from './app-machine.ts';
import type { Listener } from './listener.ts';

const EVERY_MS = 40;

interface Answer {
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}

/** Messages and requests at some machines, all the time, and what became of each. */
export class Traffic implements AsyncDisposable {
  readonly answers: Answer[] = [];
  readonly #topics: readonly string[];
  readonly #machines: readonly AppMachine[];
  /** By publisher and topic, the last number, and those that were accepted. */
  readonly #published: Map<string, { readonly accepted: Set<number>; last: number }>;
  readonly #work: Promise<unknown>[] = [];
  #isOver = false;

  constructor(machines: readonly AppMachine[], topics: readonly string[]) {
    this.#machines = machines;
    this.#topics = topics;
    this.#published = new Map(
      machines.flatMap(({ name }) =>
        topics.map((topic) => [`${name}:${topic}`, { accepted: new Set(), last: 0 }] as const),
      ),
    );
    for (const machine of machines) {
      this.#work.push(this.#publishOn(machine));
      for (const path of ['/plain', '/limited']) this.#work.push(this.#request(machine, path));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** No more of it; resolves when all has come to something. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#work);
  }

  /** Publishes once more in each topic. @returns what to expect; nothing where it was refused */
  async publish(machine: AppMachine, topic: string): Promise<string | undefined> {
    const publisher = `${machine.name}:${topic}`;
    const book = this.#published.get(publisher);
    if (book === undefined) throw new Error(`There is nothing from ${publisher}.`);
    const number = ++book.last;
    const said = `${publisher} ${number}`;
    try {
      await machine.server.publish(topic, said);
      book.accepted.add(number);
      return said;
    } catch {
      return undefined;
    }
  }

  /** The longest wait for an answer of a path at any machine. */
  slowestMs(path: string): number {
    return Math.max(...this.answers.filter((answer) => answer.path.endsWith(path)).map(({ ms }) => ms));
  }

  /**
   * What a listener of a topic should not have seen: something twice, out of order, or a hole that was not announced.
   * What a machine passes on by itself may come in front of that, and what was refused at any time, or never.
   */
  faultsOf({ name, heard }: Listener, topic: string): readonly string[] {
    const faults: string[] = [];
    for (const machine of this.#machines) {
      const publisher = `${machine.name}:${topic}`;
      const accepted = this.#published.get(publisher)?.accepted ?? new Set();
      const numbers = heard.flatMap((said, place) => {
        const [who, digits] = said.split(' ');
        return who === publisher ? [{ number: Number(digits), place }] : [];
      });
      const refused = numbers.filter(({ number }) => !accepted.has(number));
      if (new Set(refused.map(({ number }) => number)).size < refused.length) faults.push(`${name}: one came twice`);
      const sure = numbers.filter(({ number }) => accepted.has(number));
      for (const [index, { number }] of sure.entries()) {
        const before = sure[index - 1];
        if (before === undefined) continue;
        if (number <= before.number) faults.push(`${name}: ${publisher} ${number} behind ${before.number}`);
        if (heard.includes('gap', before.place)) continue;
        for (let missing = before.number + 1; missing < number; missing++)
          if (accepted.has(missing)) faults.push(`${name}: ${publisher} ${missing} is missing`);
      }
    }
    return faults;
  }

  async #publishOn(machine: AppMachine): Promise<void> {
    const under: Promise<unknown>[] = [];
    while (!this.#isOver) {
      for (const topic of this.#topics) under.push(this.publish(machine, topic));
      await delay(EVERY_MS);
    }
    await Promise.all(under);
  }

  async #request(machine: AppMachine, path: string): Promise<void> {
    while (!this.#isOver) {
      const { status, ms } = await machine.get(path);
      this.answers.push({ path: `${machine.name}${path}`, status, ms });
      await delay(EVERY_MS);
    }
  }
}
