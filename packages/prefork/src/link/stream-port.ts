import type { Socket } from 'node:net';
import type { Port, PortListener } from './port.ts';

/** A port over a pipe of the system. */
export class StreamPort implements Port {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  listen(listener: PortListener): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Buffer) => listener.received(bytes));
    socket.on('drain', () => listener.drained());
    // Whatever went wrong, `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => listener.closed());
  }

  write(parts: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    if (parts.length === 1) {
      socket.write(parts[0] as Uint8Array);
      return;
    }
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
  }

  close(): void {
    this.#socket.end();
  }
}
