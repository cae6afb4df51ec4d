import { ReplyError } from '../errors/reply-error.ts';
import type { Chunk } from './body-stream.ts';

/**
 * A web stream of another implementation, or of another realm: alike from outside, but no `ReadableStream` of this one.
 */
interface ForeignWebStream {
  getReader(): { read(): Promise<{ done: boolean; value?: Chunk }>; cancel(reason: unknown): Promise<unknown> };
}

/** Whether it is a web stream that `instanceof ReadableStream` does not know. */
export function isForeignStream(value: object): value is ForeignWebStream {
  return 'getReader' in value && typeof value.getReader === 'function' && !(value instanceof ReadableStream);
}

/**
 * The stream as one of this realm, which reads no chunk before it is asked for one, and whose cancelling reaches the
 * other even while a read waits.
 *
 * @throws {ReplyError} when somebody else reads the stream
 */
export function adoptStream(foreign: ForeignWebStream): ReadableStream<Chunk> {
  const reader = readerOf(foreign);
  return new ReadableStream<Chunk>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value as Chunk);
      },
      async cancel(reason) {
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function readerOf(foreign: ForeignWebStream): ReturnType<ForeignWebStream['getReader']> {
  try {
    return foreign.getReader();
  } catch (cause) {
    throw new ReplyError('The returned stream is being read elsewhere.', 'ERR_PORTLIGHT_INVALID_REPLY', cause);
  }
}
