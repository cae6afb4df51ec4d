import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocketClient } from '../../../packages/portlight/test/support/web-socket-client.ts';

/** A WebSocket of `/orders`: its channel does what it is told, and gets what is published. */
export class Socket implements AsyncDisposable {
  readonly client: WebSocketClient;
  /** The pid of the process that has it. */
  process = 0;
  #lastOrder = 0;

  private constructor(port: number) {
    this.client = new WebSocketClient(port, '/orders');
    this.client.websocket.once('upgrade', ({ headers }: IncomingMessage) => {
      this.process = Number(headers['x-process']);
    });
  }

  static async open(port: number): Promise<Socket> {
    const socket = new Socket(port);
    await once(socket.client.websocket, 'open');
    return socket;
  }

  /** Resolves to what came of the order. */
  async order(order: string, ...args: readonly unknown[]): Promise<unknown> {
    const answer = ++this.#lastOrder;
    this.client.send(JSON.stringify({ answer, order, args }));
    await this.client.until(() => this.#answers.has(answer));
    return this.#answers.get(answer);
  }

  /** What was published, as text, in order. */
  get received(): readonly string[] {
    return this.client.received.map(String).filter((text) => !isAnswer(text));
  }

  /** What was published first, once so much came. */
  async messages(count: number): Promise<readonly string[]> {
    await this.client.until(() => this.received.length >= count);
    return this.received.slice(0, count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }

  get #answers(): ReadonlyMap<number, unknown> {
    const answers = this.client.received.map(String).filter(isAnswer);
    return new Map(
      answers.map((text) => JSON.parse(text) as { answer: number; value: unknown }).map((a) => [a.answer, a.value]),
    );
  }
}

function isAnswer(text: string): boolean {
  return text.startsWith('{"answer":');
}
