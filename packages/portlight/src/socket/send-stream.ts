import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { AbortedError } from '../errors/aborted-error.ts';
import { ReplyError } from '../errors/reply-error.ts';
import { type BodyStream, type Chunk, openStream } from '../response/body-stream.ts';

/**
 * Writes a streamed body as fast as the client takes it. Does not end `to`.
 *
 * @param socket what the bytes leave by; a queued response learns of its end only there
 * @param lengthBytes how long the body must be, where its length was announced
 * @throws what the source throws; `ReplyError` on a chunk that is neither text nor bytes, or a body of another length
 * than announced; `AbortedError` when the client goes away, after the source was told
 */
export async function sendStream(body: BodyStream, to: Writable, socket: Socket, lengthBytes: number | undefined): Promise<void> {
  const reader = openStream(body);
  const gone = new AbortedError('The client went away before the response was complete.', 'ERR_PORTLIGHT_CLIENT_GONE');
  const closed = whenClosed(socket, () => reader.cancel(gone));
  let sentBytes = 0;
  try {
    for (;;) {
      const step = await Promise.race([reader.next(), closed.promise]);
      if (step === undefined) throw gone;
      if (step.done === true) break;
      const chunk = assertChunk(step.value);
      sentBytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength;
      if (lengthBytes !== undefined && sentBytes > lengthBytes) throw wrongLength(lengthBytes, sentBytes);
      if (!to.write(chunk)) await Promise.race([whenDrained(to), closed.promise]);
    }
    if (lengthBytes !== undefined && sentBytes !== lengthBytes) throw wrongLength(lengthBytes, sentBytes);
  } catch (error) {
    reader.cancel(error as Error);
    throw error;
  } finally {
    closed.stop();
  }
}

/** Resolves to nothing when the client is gone. */
function whenClosed(socket: Socket, onClose: () => void): { readonly promise: Promise<undefined>; stop(): void } {
  let listener: () => void = () => {};
  const promise = new Promise<undefined>((resolve) => {
    listener = () => {
      onClose();
      resolve(undefined);
    };
    if (socket.destroyed) listener();
    else socket.once('close', listener);
  });
  return { promise, stop: () => socket.off('close', listener) };
}

function whenDrained(to: Writable): Promise<undefined> {
  return new Promise((resolve) => to.once('drain', () => resolve(undefined)));
}

/** @throws {ReplyError} */
function assertChunk(value: unknown): Chunk {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new ReplyError(`A streamed body is made of strings and bytes; it gave a chunk of type ${value === null ? 'null' : typeof value}.`);
}

function wrongLength(announced: number, sent: number): ReplyError {
  return new ReplyError(`The streamed body has ${sent > announced ? 'more' : 'fewer'} bytes than the ${announced} of its Content-Length.`);
}
