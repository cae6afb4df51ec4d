import { once } from 'node:events';
import { type ClientOptions, WebSocket } from 'ws';
import { Watchers } from './watchers.ts';

/** A WebSocket client that keeps what comes, in order. */
export class WebSocketClient implements AsyncDisposable {
  readonly websocket: WebSocket;
  readonly received: (string | Buffer)[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #watchers: Watchers = new Watchers();

  constructor(port: number, path: string, options: ClientOptions = {}) {
    this.websocket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
    this.websocket.on('message', (data, isBinary) =>
      this.#watchers.note(() => this.received.push(isBinary ? (data as Buffer) : (data as Buffer).toString())),
    );
    this.websocket.on('close', (code, reason) =>
      this.#watchers.note(() => (this.closed = { code, reason: reason.toString() })),
    );
    this.websocket.on('error', () => this.#watchers.note(() => undefined));
  }

  /** Resolves when the channel is open. */
  static async open(port: number, path: string, options: ClientOptions = {}): Promise<WebSocketClient> {
    const client = new WebSocketClient(port, path, options);
    await once(client.websocket, 'open');
    return client;
  }

  /** What the server says instead of opening a channel. */
  static async refused(
    port: number,
    path: string,
    options: ClientOptions = {},
  ): Promise<{ readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }> {
    const websocket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
    websocket.on('error', () => {});
    return new Promise((resolve, reject) => {
      websocket.on('open', () => reject(new Error('It was opened.')));
      websocket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
    });
  }

  send(...messages: readonly (string | Uint8Array)[]): this {
    for (const message of messages) this.websocket.send(message);
    return this;
  }

  /** The first messages, once so many came. */
  async messages(count: number): Promise<readonly (string | Buffer)[]> {
    await this.#watchers.until(() => this.received.length >= count);
    return this.received.slice(0, count);
  }

  /** Resolves when the condition holds; looked at whenever something comes. */
  until(condition: () => boolean): Promise<void> {
    return this.#watchers.until(condition);
  }

  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    await this.#watchers.until(() => this.closed !== undefined);
    return this.closed as { readonly code: number; readonly reason: string };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.websocket.readyState === WebSocket.CLOSED) return;
    this.websocket.terminate();
    await this.#watchers.until(() => this.closed !== undefined);
  }
}
