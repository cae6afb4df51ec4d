import type { Socket } from 'node:net';
import type { Chunk } from '../../response/body-stream.ts';
import type { StreamTarget } from '../send-stream.ts';

/**
 * Writes one streamed response to a socket: the head with the first chunk, and chunks in the framing the head
 * announces.
 */
export class StreamWriter implements StreamTarget {
  headersSent = false;
  readonly #socket: Socket;
  readonly #isChunked: boolean;
  #head = '';

  constructor(socket: Socket, isChunked: boolean) {
    this.#socket = socket;
    this.#isChunked = isChunked;
  }

  writeHead(text: string): void {
    this.headersSent = true;
    this.#head = text;
  }

  flushHeaders(): void {
    if (this.#head === '') return;
    this.#socket.write(this.#head, 'latin1');
    this.#head = '';
  }

  write(chunk: Chunk): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    // An empty chunk would be the last one (RFC 9112 §7.1).
    if (bytes.byteLength === 0) return true;
    const socket = this.#socket;
    socket.cork();
    this.flushHeaders();
    if (this.#isChunked) socket.write(`${bytes.byteLength.toString(16)}\r\n`, 'latin1');
    const isTaken = socket.write(bytes);
    const isAllTaken = this.#isChunked ? socket.write('\r\n', 'latin1') : isTaken;
    socket.uncork();
    return isAllTaken && !socket.writableNeedDrain;
  }

  /**
   * @param trailers name, value, name, value
   * @param onSent called when the kernel has all of it; never where the connection is cut before
   */
  end(trailers: readonly string[] = [], onSent?: () => void): void {
    this.flushHeaders();
    const done = onSent && ((error?: Error | null): void => void (error ?? onSent()));
    if (!this.#isChunked) {
      if (done !== undefined) this.#socket.write('', done);
      return;
    }
    let last = '0\r\n';
    for (let index = 0; index < trailers.length; index += 2) last += `${trailers[index]}: ${trailers[index + 1]}\r\n`;
    this.#socket.write(`${last}\r\n`, 'latin1', done);
  }

  on(event: 'drain', listener: () => void): void {
    this.#socket.on(event, listener);
  }

  off(event: 'drain', listener: () => void): void {
    this.#socket.off(event, listener);
  }
}
