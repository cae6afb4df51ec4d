import { AsyncResource } from 'node:async_hooks';
import { ReplyError } from '../errors/reply-error.ts';
import { type BodyStream, type Chunk, type ChunkReader, hearErrors, openStream, type Step } from './body-stream.ts';
import { isDetached } from './is-detached.ts';
import { ignoreRejection } from '../errors/ignore-rejection.ts';
import { isPromiseLike } from './is-promise-like.ts';
import type { Trailers } from './trailers.ts';

type ChunkStep = IteratorResult<Chunk, unknown>;

/** A body as an app sees it. */
interface LentStream {
  readonly stream: ReadableStream<Uint8Array>;
  fail(reason: unknown): void;
  end(): void;
}

const DONE: ChunkStep = { done: true, value: undefined };

/**
 * The source of a streamed body, owned from the moment an app has given it away: whatever becomes of it, it cannot end
 * the process, and it is told once that nobody waits any more, wherever the response is by then.
 */
export class StreamedBody {
  /** How long it will be, where that is known. */
  readonly lengthBytes: number | undefined;
  /** It is an open stream of events. */
  isEvents = false;
  /** Nothing comes behind its length, and nothing is left to end: a file. */
  endsAtLength = false;
  /** From now on nothing else can take its place in a response. */
  isFixed = false;
  /** What follows it, for who takes that. */
  trailers: Trailers | undefined;
  readonly #source: BodyStream;
  /**
   * The async context in which the source runs, whoever draws: a connection is written to in the contexts of other
   * requests too.
   */
  #context: AsyncResource | undefined;
  #reader: ChunkReader | undefined;
  #isPrimed = false;
  /** The step that was drawn ahead. */
  #ahead: ChunkStep | undefined;
  #chunks = 0;
  #bytes = 0;
  /** How many bytes it has to have. */
  #announced: number | undefined;
  #isOver = false;
  /** Why it was given up. */
  #reason: Error | undefined;
  #interrupt: ((reason: Error) => void) | undefined;
  #lent: LentStream | undefined;
  #onFailed: (error: Error) => boolean = () => false;
  /** Whether the app has drawn from it. */
  #isRead = false;

  constructor(source: BodyStream, lengthBytes?: number) {
    hearErrors(source);
    this.#source = source;
    this.lengthBytes = lengthBytes;
  }

  /** How many chunks the source gave. */
  get chunks(): number {
    return this.#chunks;
  }

  /** Whether the source has ended, failed or been given up. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the app has it in hands, to make another body of it. */
  get isLent(): boolean {
    return this.#lent !== undefined;
  }

  /** @throws {ReplyError} when the app has read of it, so that the whole can no longer be sent */
  assertUnread(): void {
    if (this.#isRead || this.#lent?.stream.locked === true)
      throw new ReplyError('The body of the response was read before it was sent.');
  }

  /**
   * Says how many bytes were announced for it, if any were. A source that gives more or fewer fails.
   *
   * @throws {ReplyError} when it did so already
   */
  announce(bytes: number | undefined): void {
    this.#announced = bytes;
    this.#assertLength();
  }

  /**
   * Draws the first chunk ahead, once, so that a source that fails at once fails before anything is sent. From here on
   * the source runs in the async context of this call, that of the handler.
   *
   * @throws what the source throws, at once or as a rejection; `ReplyError` on what is no chunk
   */
  prime(): Promise<void> | undefined {
    if (this.#isPrimed) return undefined;
    this.#isPrimed = true;
    this.#context = new AsyncResource('PortlightBody');
    const step = this.#draw();
    if (step instanceof Promise) return step.then((late) => void (this.#ahead = late));
    this.#ahead = step;
    return undefined;
  }

  /** @throws as {@link prime}; and the reason for which it was given up */
  next(): Promise<ChunkStep> | ChunkStep {
    const ahead = this.#ahead;
    if (ahead === undefined) return this.#draw();
    this.#ahead = undefined;
    return ahead;
  }

  /** The whole body, where all of it was drawn ahead. @throws as {@link assertUnread} */
  takeWhole(): Chunk | undefined {
    const ahead = this.#ahead;
    if (!this.endsAtLength || ahead?.done !== false || this.#bytes !== this.lengthBytes) return undefined;
    this.assertUnread();
    this.#ahead = undefined;
    this.#isOver = true;
    return ahead.value;
  }

  /** The trailers as name, value, name, value, in the context of the source. @throws as {@link Trailers.read} */
  readTrailers(trailers: Trailers): Promise<readonly string[]> {
    const read = (): Promise<readonly string[]> => trailers.read();
    return this.#context === undefined ? read() : this.#context.runInAsyncScope(read);
  }

  /** Tells the source that nobody waits any more, and whoever waits for a chunk why none comes. Once; never throws. */
  cancel(reason: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason = reason;
    this.#ahead = undefined;
    this.#interrupt?.(reason);
    try {
      this.#inContext((reader) => reader.cancel(reason));
    } catch {
      // A stream that somebody else reads cannot be opened, and is theirs to end.
    }
  }

  failReader(reason: Error): void {
    this.#lent?.fail(reason);
  }

  release(): void {
    this.#lent?.end();
  }

  /** @param listener called when the source itself fails; says whether somebody else tells of it */
  whenFailed(listener: (error: Error) => boolean): void {
    this.#onFailed = listener;
  }

  /** As a web stream of bytes, for an app that makes another body of it. From then on it is the app's to read. */
  get stream(): ReadableStream<Uint8Array> {
    this.#lent ??= this.#lend();
    return this.#lent.stream;
  }

  #draw(): Promise<ChunkStep> | ChunkStep {
    if (this.#reason !== undefined) throw this.#reason;
    if (this.#isOver) return DONE;
    try {
      const step = this.#inContext((reader) => reader.next());
      return isPromiseLike(step) ? this.#await(step) : this.#note(step);
    } catch (error) {
      this.#fail(error as Error);
      throw error;
    }
  }

  #fail(error: Error): void {
    this.#isOver = true;
    // Where somebody else tells of it, the app may have a stream of Node made of what it was lent, whose errors nobody
    // hears: they would end the process. So that waits for its release.
    if (!this.#onFailed(error)) this.#lent?.fail(error);
  }

  #inContext<Result>(act: (reader: ChunkReader) => Result): Result {
    const run = (): Result => act((this.#reader ??= openStream(this.#source)));
    return this.#context === undefined ? run() : this.#context.runInAsyncScope(run);
  }

  /** A source that is given up may never answer: who waits for it must not wait as long. */
  #await(step: PromiseLike<Step>): Promise<ChunkStep> {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      const settle = (late: Step): void => {
        this.#interrupt = undefined;
        resolve(this.#note(late));
      };
      step.then(settle).then(undefined, (error: Error) => {
        this.#interrupt = undefined;
        this.#fail(error);
        reject(error);
      });
    });
  }

  /** @throws {ReplyError} on what is neither text nor bytes */
  #note(step: Step): ChunkStep {
    if (this.#isOver) return DONE;
    if (step.done === true) {
      ignoreRejection(step.value);
      this.#isOver = true;
      this.#assertLength();
      return DONE;
    }
    const { value } = step;
    if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
      ignoreRejection(value);
      const kind = value === null ? 'null' : typeof value;
      throw this.#giveUp(`A streamed body is made of strings and bytes; it gave a chunk of type ${kind}.`);
    }
    if (typeof value !== 'string' && isDetached(value))
      throw this.#giveUp('A streamed body gave bytes that are no longer there.');
    this.#chunks += 1;
    this.#bytes += typeof value === 'string' ? Buffer.byteLength(value) : value.byteLength;
    this.#assertLength();
    return step as ChunkStep;
  }

  /** @throws {ReplyError} */
  #assertLength(): void {
    const announced = this.#announced;
    if (announced === undefined || this.#bytes === announced || (this.#bytes < announced && !this.#isOver)) return;
    const how = this.#bytes > announced ? 'more' : 'fewer';
    throw this.#giveUp(`The streamed body has ${how} bytes than the ${announced} of its Content-Length.`);
  }

  #giveUp(message: string): ReplyError {
    const error = new ReplyError(message);
    this.cancel(error);
    this.#fail(error);
    return error;
  }

  #lend(): LentStream {
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const encoder = new TextEncoder();
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (its) => void (controller = its),
        pull: async () => {
          this.#isRead = true;
          try {
            const { done, value } = await this.next();
            if (done === true) controller.close();
            else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value);
          } catch {
            // The reader was told, or is released with the response.
          }
        },
        cancel: (reason: unknown) => {
          this.#isRead = true;
          this.cancel(reason instanceof Error ? reason : new Error('The body was not read to its end.'));
        },
      },
      { highWaterMark: 0 },
    );
    return {
      stream,
      fail: (reason) => controller.error(reason),
      end: () => {
        try {
          controller.close();
        } catch {
          // It has ended already.
        }
      },
    };
  }
}
