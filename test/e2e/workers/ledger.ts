import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { readResponses } from '../../../packages/portlight/test/support/read-responses.ts';

/**
 * What became of a request: answered as it should be, told to come again later, or its connection failed before. All
 * else is an error.
 */
type Outcome = 'answered' | 'refused' | 'failed';

/** Longest wait for an outcome: restarts that come later and later are 30 s apart at most. */
const PATIENCE_MS = 60_000;
/** Between two requests of a client. */
const PAUSE_MS = 3;

/** Clients that ask `/once/:id` with an id of its own each, and the account of what became of each. */
export class Ledger {
  readonly outcomes: Map<string, Outcome> = new Map();
  /** What must not be. */
  readonly errors: string[] = [];
  #asked = 0;
  #isOver = false;
  readonly #port: number;
  readonly #clients: Promise<unknown>;

  /** @param perConnection for each client, how many requests follow each other on one connection at most */
  constructor(port: number, perConnection: readonly number[]) {
    this.#port = port;
    this.#clients = Promise.all(perConnection.map((count) => this.#run(count)));
  }

  get asked(): number {
    return this.#asked;
  }

  count(outcome: Outcome): number {
    return [...this.outcomes.values()].filter((each) => each === outcome).length;
  }

  /** Resolves when the last request has its outcome. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#clients;
  }

  async #run(perConnection: number): Promise<void> {
    while (!this.#isOver) {
      const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1');
      socket.on('error', () => {});
      // While a request waits, that listens too.
      socket.on('data', (text: string) => {
        if (socket.listenerCount('data') === 1) this.errors.push(`Nobody asked for ${JSON.stringify(text)}`);
      });
      for (let asked = 0; asked < perConnection && !this.#isOver; asked++) {
        if (!(await this.#ask(socket, `${++this.#asked}`))) break;
        await delay(PAUSE_MS);
      }
      socket.destroy();
      await delay(PAUSE_MS);
    }
  }

  /** @returns whether another request may follow on the connection */
  async #ask(socket: Socket, id: string): Promise<boolean> {
    const received = await this.#exchange(socket, `GET /once/${id} HTTP/1.1\r\nhost: test\r\n\r\n`, id);
    const { complete, rest } = readResponses(received);
    const [answer, ...more] = complete;
    if (more.length > 0 || (answer !== undefined && rest !== '')) this.errors.push(`More than an answer to ${id}`);
    if (answer === undefined) this.outcomes.set(id, 'failed');
    else if (answer.status === 503 && answer.headers.has('retry-after')) this.outcomes.set(id, 'refused');
    else {
      this.outcomes.set(id, 'answered');
      if (answer.status !== 200 || answer.body !== id) this.errors.push(`${answer.status} ${answer.body} for ${id}`);
    }
    return answer !== undefined && answer.headers.get('connection') !== 'close' && !socket.destroyed;
  }

  /** Resolves to what came, when it is an answer or nothing more comes. */
  #exchange(socket: Socket, bytes: string, id: string): Promise<string> {
    return new Promise((resolve) => {
      let received = '';
      const finish = (): void => {
        clearTimeout(timer);
        socket.off('data', take).off('close', finish).off('end', finish);
        resolve(received);
      };
      const timer = setTimeout(() => {
        this.errors.push(`No outcome of ${id}`);
        finish();
      }, PATIENCE_MS);
      const take = (text: string): void => {
        received += text;
        if (readResponses(received).complete.length > 0) finish();
      };
      socket.on('data', take).once('close', finish).once('end', finish);
      if (socket.destroyed) finish();
      else socket.write(bytes);
    });
  }
}
