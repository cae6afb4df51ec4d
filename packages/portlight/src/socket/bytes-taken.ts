import type { Socket } from 'node:net';

/** What a handle of Node counts. No public name says how far a write has come. */
interface WriteCounts {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
}

/**
 * How many bytes the kernel has taken for the client. A large write counts for the socket as a whole until it is done;
 * how far it has come, only its handle knows. Without that, the whole writes have to do. Behind TLS they are those of
 * the records.
 */
export function bytesTaken(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: (WriteCounts & { readonly _parent?: WriteCounts }) | null };
  // Behind TLS it takes all at once; what is under it takes as the client does.
  const { bytesWritten, writeQueueSize } = handle?._parent ?? handle ?? {};
  return bytesWritten === undefined || writeQueueSize === undefined
    ? socket.bytesWritten - socket.writableLength
    : bytesWritten - writeQueueSize;
}
