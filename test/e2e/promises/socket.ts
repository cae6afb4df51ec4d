import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Watchers } from '../../../packages/portlight/test/support/watchers.ts';
import { WebSocketClient } from '../../../packages/portlight/test/support/web-socket-client.ts';

/** A WebSocket of `/orders`: its channel does what it is told, and gets what is published. */
export class Socket implements AsyncDisposable {
  readonly client: WebSocketClient;
  /** What was published, as text, in order. */
  readonly received: string[] = [];
  /** The pid of the process that has it. */
  process = 0;
  #lastOrder = 0;
  readonly #answers: Map<number, unknown> = new Map();
  readonly #watchers: Watchers = new Watchers();

  private constructor(port: number) {
    this.client = new WebSocketClient(port, '/orders');
    this.client.websocket.once('upgrade', ({ headers }: IncomingMessage) => {
      this.process = Number(headers['x-process']);
    });
    this.client.websocket.on('close', () => this.#watchers.note(() => undefined));
    this.client.websocket.on('message', (data: Buffer) => this.#watchers.note(() => this.#sort(data.toString())));
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
    await this.until(() => this.#answers.has(answer));
    return this.#answers.get(answer);
  }

  /** What was published first, once so much came. */
  async messages(count: number): Promise<readonly string[]> {
    await this.until(() => this.received.length >= count);
    return this.received.slice(0, count);
  }

  /** Resolves when the condition holds, looked at whenever something comes; rejects when the WebSocket ends before. */
  async until(condition: () => boolean): Promise<void> {
    await this.#watchers.until(() => condition() || this.client.closed !== undefined);
    if (!condition()) throw new Error(`The WebSocket ended: ${JSON.stringify(this.client.closed)}.`);
  }

  /** Keeps nothing of what has come. */
  forget(): void {
    this.received.length = 0;
    this.client.received.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }

  #sort(text: string): void {
    if (!text.startsWith('{"answer":')) return void this.received.push(text);
    const { answer, value } = JSON.parse(text) as { answer: number; value: unknown };
    this.#answers.set(answer, value);
  }
}
