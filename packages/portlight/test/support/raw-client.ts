import { connect, type Socket } from 'node:net';
import { readResponses, type WireResponse } from './read-responses.ts';

const PATIENCE_MS = 10_000;

/**
 * A client that sends the bytes it is given and keeps what comes, a character for each byte. It understands nothing.
 */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  received = '';
  /** The server closed its side. */
  hasEnded = false;
  /** The connection is gone. */
  isClosed = false;
  /** The code of the error that ended it, `ECONNRESET` for example. */
  errorCode: string | undefined;
  #watchers: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#note(() => (this.received += text)));
    socket.on('end', () => this.#note(() => (this.hasEnded = true)));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#note(() => (this.errorCode = error.code ?? error.message)),
    );
    socket.on('close', () => this.#note(() => (this.isClosed = true)));
  }

  /** Resolves when the connection stands. */
  static async open(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Closes this side only. */
  sendFin(): this {
    this.socket.end();
    return this;
  }

  /** Drops the connection as a crashed client does. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Resolves when the condition holds; looked at whenever something comes. */
  until(condition: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(new Error(`Waited in vain for ${what}. What came: ${JSON.stringify(this.received.slice(0, 2_000))}`)),
        PATIENCE_MS,
      );
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#watchers = this.#watchers.filter((watcher) => watcher !== look);
        resolve();
      };
      this.#watchers.push(look);
      look();
    });
  }

  /** The first responses, once so many are complete. */
  async responses(count: number, withoutBody: readonly number[] = []): Promise<readonly WireResponse[]> {
    await this.until(() => readResponses(this.received, withoutBody).complete.length >= count, `${count} responses`);
    return readResponses(this.received, withoutBody).complete.slice(0, count);
  }

  async response(): Promise<WireResponse> {
    const [first] = await this.responses(1);
    return first as WireResponse;
  }

  /** All that came, once the server closed its side or the connection is gone. */
  async ended(): Promise<string> {
    await this.until(() => this.hasEnded || this.isClosed, 'the end of the connection');
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.until(() => this.isClosed, 'the close');
  }

  #note(change: () => void): void {
    change();
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** A request without a body, of HTTP/1.1 unless the fields say more. */
export function get(path: string, ...fields: readonly string[]): string {
  return request('GET', path, fields);
}

/** A whole request; a body is declared by its length. */
export function request(method: string, path: string, fields: readonly string[] = [], body?: string): string {
  const length = body === undefined ? [] : [`content-length: ${body.length}`];
  return [`${method} ${path} HTTP/1.1`, 'host: test', ...length, ...fields, '', body ?? ''].join('\r\n');
}

/** A body in chunks, without the last one. */
export function chunks(...texts: readonly string[]): string {
  return texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
}
