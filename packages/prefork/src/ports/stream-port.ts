import { Socket } from 'node:net';
import type { Port, PortListener } from './port.ts';

/** A port over a pipe of the system. */
export class StreamPort implements Port {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The pipe that this process was started with. */
  static open(descriptor: number): StreamPort {
    return new StreamPort(new Socket({ fd: descriptor, readable: true, writable: true }));
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

  /** Whether it keeps the process alive. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#socket.ref();
    else this.#socket.unref();
  }

  close(): void {
    this.#socket.end();
  }
}
