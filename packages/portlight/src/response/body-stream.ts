/** What a streamed body is made of: text is sent as UTF-8. */
export type Chunk = string | Uint8Array;

/**
 * A body that is made while it is sent: a web stream, a Node `Readable` or anything that gives chunks one by one.
 * It is pulled only as fast as the client takes it.
 */
export type BodyStream = ReadableStream<Chunk> | AsyncIterable<Chunk> | Iterable<Chunk>;

/** What a response holds when it is sent: text, bytes, a stream, or nothing. */
export type ResponseBody = string | Uint8Array | BodyStream | null;

/** Whether a body has to be pulled, rather than being there. */
export function isStream(body: ResponseBody): body is BodyStream {
  return body !== null && typeof body !== 'string' && !(body instanceof Uint8Array);
}

/** A stream opened for sending. */
export interface ChunkReader {
  next(): Promise<IteratorResult<unknown, unknown>> | IteratorResult<unknown, unknown>;
  /** Tells the source that nobody waits any more. Never throws. */
  cancel(reason: Error): void;
}

/** Whether a reply is streamed: web streams, async iterables (Node's `Readable` is one) and iterators, but no arrays or sets. */
export function isBodyStream(value: object): value is BodyStream {
  if (Symbol.asyncIterator in value || value instanceof ReadableStream) return true;
  return Symbol.iterator in value && 'next' in value && typeof value.next === 'function';
}

export function openStream(stream: BodyStream): ChunkReader {
  if (stream instanceof ReadableStream) return readWebStream(stream);
  const iterator: AsyncIterator<unknown> | Iterator<unknown> =
    Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
  return {
    next: () => iterator.next(),
    cancel: (reason) => cancelIterator(stream, iterator, reason),
  };
}

function readWebStream(stream: ReadableStream<Chunk>): ChunkReader {
  const reader = stream.getReader();
  return {
    next: () => reader.read(),
    cancel: (reason) => void reader.cancel(reason).catch(ignore),
  };
}

/** A generator that waits for something cannot be returned from until that comes; a `Readable` can be destroyed at once. */
function cancelIterator(stream: object, iterator: AsyncIterator<unknown> | Iterator<unknown>, reason: Error): void {
  try {
    if (isDestroyable(stream)) {
      stream.on('error', ignore);
      stream.destroy(reason);
      return;
    }
    void Promise.resolve(iterator.return?.()).catch(ignore);
  } catch {
    // The source failed while it was told to stop; nobody is left to hear it.
  }
}

/** Whether it is a stream of Node, its own or one that is alike. */
function isDestroyable(stream: object): stream is { on(event: 'error', listener: () => void): void; destroy(reason: Error): void } {
  return 'destroy' in stream && typeof stream.destroy === 'function' && 'on' in stream && typeof stream.on === 'function';
}

function ignore(): void {}
