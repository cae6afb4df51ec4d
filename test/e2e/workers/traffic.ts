import { setImmediate } from 'node:timers/promises';
import { Watchers } from '../../../packages/portlight/test/support/watchers.ts';
import { Connection } from '../promises/connection.ts';

/** A request that got no answer, and the process that had its connection; 0 where that is not known. */
export interface Failure {
  readonly id: number;
  readonly process: number;
}

/**
 * Clients that ask one request after the other, each counted by its id, until they are told to stop or the block is
 * left.
 */
export class Traffic implements AsyncDisposable {
  readonly failures: Failure[] = [];
  /** How many were answered, each with its own id. */
  answered = 0;
  #lastId = 0;
  #isOver = false;
  readonly #watchers: Watchers = new Watchers();
  readonly #clients: Promise<unknown>;

  /**
   * @param perConnection how many requests follow each other on one connection
   * @param cert of a server that speaks TLS
   */
  constructor(port: number, clients: number, perConnection: number, cert?: string) {
    const run = async (): Promise<void> => {
      while (!this.#isOver) {
        await using connection = new Connection(port, cert);
        for (let asked = 0; asked < perConnection && !this.#isOver; asked++) if (!(await this.#ask(connection))) break;
      }
    };
    this.#clients = Promise.all(Array.from({ length: clients }, run));
  }

  /** Resolves when so many more are answered. */
  more(count: number): Promise<void> {
    const enough = this.answered + count;
    return this.#watchers.until(() => this.answered >= enough);
  }

  /** Resolves when the last request has ended. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#clients;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #ask(connection: Connection): Promise<boolean> {
    const id = ++this.#lastId;
    try {
      const { status, json } = await connection.ask(`/users/${id}`);
      if (status !== 200 || (json as { id: string }).id !== String(id)) throw new Error(`${status} for ${id}`);
      this.#watchers.note(() => this.answered++);
      return true;
    } catch {
      this.failures.push({ id, process: connection.process });
      await setImmediate();
      return false;
    }
  }
}
