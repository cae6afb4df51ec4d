import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import type { Reading, Readings } from './readings.ts';

interface Record {
  readonly messages: { readonly message: IncomingMessage; readonly keepsAlive: boolean; body: string }[];
  error: string | undefined;
}

const MOST_TURNS = 20;

/** A stock node:http server as it is without options, which is fed connections that are only in memory. */
export class NodeReader {
  readonly #server: Server = createServer();
  readonly #records: WeakMap<object, Record> = new WeakMap();

  constructor() {
    this.#server.on('request', (message: IncomingMessage, response: ServerResponse) =>
      this.#onRequest(message, response),
    );
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: object) => {
      (this.#records.get(socket) as Record).error ??= error.code ?? error.message;
    });
  }

  /** Reads each text as all that comes over a connection of its own. */
  async read(texts: readonly string[]): Promise<readonly Readings[]> {
    const open = texts.map((text) => this.#open(text));
    for (let turns = 0; turns < MOST_TURNS && !open.every(({ record }) => isOver(record)); turns++)
      await new Promise((resolve) => setImmediate(resolve));
    for (const { connection } of open) connection.destroy();
    return open.map(({ record }) => ({
      requests: record.messages.filter(({ message }) => message.complete).map(toReading),
      error: record.error,
    }));
  }

  #open(text: string): { readonly connection: Duplex; readonly record: Record } {
    const record: Record = { messages: [], error: undefined };
    const connection = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    this.#records.set(connection, record);
    this.#server.emit('connection', connection);
    connection.push(text, 'latin1');
    return { connection, record };
  }

  #onRequest(message: IncomingMessage, response: ServerResponse): void {
    const entry = { message, keepsAlive: response.shouldKeepAlive, body: '' };
    (this.#records.get(message.socket) as Record).messages.push(entry);
    message.on('data', (bytes: Buffer) => (entry.body += bytes.toString('latin1')));
    message.on('error', () => {});
  }
}

/**
 * Whether a connection has come to its end: the parser refused the rest, or the last message is the one that stands
 * there for it.
 */
function isOver({ messages, error }: Record): boolean {
  const last = messages.at(-1);
  return (
    error !== undefined || (last?.message.readableEnded === true && (last.message.url === END || !last.keepsAlive))
  );
}

/** The target of a request that is sent last, to see that the parser still is where it should be. */
export const END = '/the-end';

function toReading({ message, keepsAlive, body }: Record['messages'][number]): Reading {
  return {
    method: message.method as string,
    target: message.url as string,
    rawHeaders: message.rawHeaders,
    body,
    keepsAlive,
  };
}
