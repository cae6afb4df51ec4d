/** What a streamed body is made of: text is sent as UTF-8. */
export type Chunk = string | Uint8Array;

/**
 * What gives the chunks of a body while it is sent: a web stream, a Node `Readable` or anything that gives them one by
 * one. It is pulled only as fast as the client takes it.
 */
export type BodyStream = ReadableStream<Chunk> | AsyncIterable<Chunk> | Iterable<Chunk>;

/** What a response may be given as its body: text, bytes, a stream, or nothing. */
export type ResponseBody = string | Uint8Array | BodyStream | null;

export type Step = IteratorResult<unknown, unknown>;

/** A stream opened for sending. */
export interface ChunkReader {
  next(): Promise<Step> | Step;
  /** Tells the source that nobody waits any more. Never throws. */
  cancel(reason: Error): void;
}

/**
 * Whether a reply is streamed: web streams, async iterables (Node's `Readable` is one) and iterators, but no arrays or
 * sets.
 */
export function isBodyStream(value: object): value is BodyStream {
  if (Symbol.asyncIterator in value || value instanceof ReadableStream) return true;
  return Symbol.iterator in value && 'next' in value && typeof value.next === 'function';
}

/** Whether a value that an app returned is streamed. */
export function isStreamed(value: unknown): value is BodyStream {
  return typeof value === 'object' && value !== null && isBodyStream(value);
}

/**
 * Takes a value from the app: from here on it cannot end the process, if it is a stream of Node that fails while nobody
 * reads it yet. Who reads it later hears of the failure.
 */
export function hearErrors(value: unknown): void {
  if (typeof value !== 'object' || value === null || !isDestroyable(value)) return;
  value.on('error', (error) => {
    if (!failures.has(value)) failures.set(value, error);
  });
}

/** Streams of Node that have failed: some go on as if they had not, and tell nobody who comes later. */
const failures: WeakMap<object, unknown> = new WeakMap();

export function openStream(stream: BodyStream): ChunkReader {
  return stream instanceof ReadableStream ? readWebStream(stream) : readIterable(stream);
}

function readIterable(stream: AsyncIterable<unknown> | Iterable<unknown>): ChunkReader {
  const iterator = Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
  let isFirst = true;
  const begin = (): Promise<Step> | Step => {
    isFirst = false;
    if (failures.has(stream)) throw failures.get(stream);
    return iterator.next();
  };
  return {
    next: () => (isFirst ? begin() : iterator.next()),
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

/**
 * A generator that waits for something cannot be returned from until that comes; a `Readable` can be destroyed at once.
 */
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
function isDestroyable(
  stream: object,
): stream is { on(event: 'error', listener: (error: unknown) => void): void; destroy(reason: Error): void } {
  return (
    'destroy' in stream && typeof stream.destroy === 'function' && 'on' in stream && typeof stream.on === 'function'
  );
}

function ignore(): void {}
