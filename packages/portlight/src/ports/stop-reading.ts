import type { Socket } from 'node:net';

/** What Node has below a socket. */
interface Handle {
  readStart?(): number;
  readStop?(): number;
}

/** Whether `stopReading` does what it says with a socket. */
export function canStopReading(socket: Socket): boolean {
  return typeof handleOf(socket)?.readStop === 'function';
}

/**
 * Stops a socket from reading, at once; to be called in its `'data'` event. Who the socket is then handed to reads what
 * comes later, and no byte of it is lost.
 *
 * `pause()` lets Node read on until the next turn of the loop, and what it reads then stays in this process. What Node
 * has below a socket has no public name; it is there in all versions from 20 to 26, and `canStopReading` says where it
 * is not.
 */
export function stopReading(socket: Socket): void {
  socket.pause();
  // The socket shall not know: it would begin again by itself, to fill its buffer.
  handleOf(socket)?.readStop?.();
}

/** Has a socket that was stopped read on. */
export function readOn(socket: Socket): void {
  // The socket believes that it reads, and would not begin.
  handleOf(socket)?.readStart?.();
  socket.resume();
}

function handleOf(socket: Socket): Handle | undefined {
  return (socket as { readonly _handle?: Handle | null })._handle ?? undefined;
}
