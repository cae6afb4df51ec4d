import { type HttpServer, upgrade } from '../http-server.ts';
import { Inbox } from './inbox.ts';
import { MemoryWire } from './memory-wire.ts';
import { UpgradeRefusedError } from './upgrade-refused-error.ts';

/** The client's end of a WebSocket without a port. */
export interface TestChannel {
  send(data: string | Uint8Array): void;
  /** The next message. @throws when the channel is closed and all were taken */
  next(): Promise<string | Buffer>;
  /** @param code @default 1000 */
  close(code?: number, reason?: string): void;
  /** Resolves to what the channel was closed with, by whichever side. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/**
 * Opens a WebSocket of a server that needs no port for it, through the same routing, guards and middleware.
 *
 * @param path the target as a client sends it, query included
 * @throws {UpgradeRefusedError} when the server answers with anything but 101
 * @example
 * const channel = await openChannel(server, '/chat/harbour');
 * channel.send('hi');
 * console.log(await channel.next());
 */
export async function openChannel(
  server: HttpServer,
  path: string,
  options: { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<TestChannel> {
  const answer = await upgrade(server, path, options.headers ?? {});
  if (answer.response !== undefined) throw new UpgradeRefusedError(answer.response);
  const inbox = new Inbox<string | Buffer>();
  let settle: (end: { readonly code: number; readonly reason: string }) => void = () => {};
  const closed = new Promise<{ readonly code: number; readonly reason: string }>((resolve) => (settle = resolve));
  const wire = new MemoryWire({
    message: (data) => inbox.push(data),
    closed(code, reason) {
      inbox.end(new Error(`The channel was closed with ${code}${reason === '' ? '' : `: ${reason}`}.`));
      settle({ code, reason });
    },
  });
  answer.open(wire);
  return {
    closed,
    send: (data) => wire.receive(typeof data === 'string' ? data : Buffer.from(data)),
    next: () => inbox.next(),
    close: (code = 1000, reason = '') => wire.leave(code, reason),
  };
}
