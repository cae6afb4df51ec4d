import { PayloadTooLargeError } from '../errors/http-error.ts';
import type { BodySink, BodySource } from './body-source.ts';
import { EarlyBody } from './early-body.ts';

const NO_BYTES = new Uint8Array(0);

/**
 * The body of one request: read at most once, never beyond its limit.
 *
 * Reading it whole is remembered, so that it can be asked for again; a stream can be taken once.
 */
export class RequestBody {
  /** In bytes; what a route allows is known only after routing. */
  limitBytes: number = Number.POSITIVE_INFINITY;
  #source: BodySource | undefined;
  #bytes: Promise<Uint8Array> | undefined;
  #streamed = false;
  #isEmpty = false;

  constructor(source: BodySource | undefined) {
    this.#source = source;
  }

  get isPresent(): boolean {
    return this.#source !== undefined;
  }

  /** What the client says of its length. */
  get declaredBytes(): number | undefined {
    return this.#source?.declaredBytes;
  }

  /** Why it will not be complete, where that is known. */
  get failure(): Error | undefined {
    return this.#source?.failure;
  }

  /** Whether it was read to its end and had no bytes. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** @throws {PayloadTooLargeError} when the declared length is over the limit */
  assertDeclaredWithinLimit(): void {
    const declared = this.#source?.declaredBytes;
    if (declared !== undefined && declared > this.limitBytes) throw this.#tooLarge();
  }

  /**
   * Receives it before anybody reads it, as far as it goes into so many bytes; none of it where it says that it does
   * not.
   *
   * @returns a promise that never rejects; `undefined` where there is nothing to wait for
   */
  receive(maxBytes: number): Promise<void> | undefined {
    const source = this.#source;
    const room = Math.min(maxBytes, this.limitBytes);
    if (source === undefined || source.whole !== undefined || (source.declaredBytes ?? 0) > room) return undefined;
    const early = new EarlyBody(source);
    this.#source = early;
    return early.receive(room);
  }

  bytes(): Promise<Uint8Array> {
    this.#bytes ??= this.#collect();
    return this.#bytes;
  }

  /** @throws {TypeError} when the body was read before */
  stream(): ReadableStream<Uint8Array> {
    if (this.#streamed || this.#bytes !== undefined) throw new TypeError('The body of this request was already read.');
    this.#streamed = true;
    const source = this.#source;
    if (source === undefined) return new ReadableStream({ start: (controller) => controller.close() });
    return this.#open(source);
  }

  async #collect(): Promise<Uint8Array> {
    if (this.#streamed) throw new TypeError('The body of this request was already taken as a stream.');
    const source = this.#source;
    if (source === undefined) return NO_BYTES;
    this.assertDeclaredWithinLimit();
    if (source.whole !== undefined) return source.whole;
    const chunks: Uint8Array[] = [];
    await new Promise<void>((resolve, reject) => {
      source.start(this.#limited(source, { chunk: (bytes) => chunks.push(bytes), end: resolve, fail: reject }));
    });
    return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
  }

  #open(source: BodySource): ReadableStream<Uint8Array> {
    let open = true;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const sink: BodySink = {
            chunk(bytes) {
              if (!open) return;
              controller.enqueue(bytes);
              if ((controller.desiredSize ?? 0) <= 0) source.pause();
            },
            end() {
              if (open) controller.close();
            },
            fail(error) {
              if (open) controller.error(error);
            },
          };
          source.start(this.#limited(source, sink));
        },
        pull: () => source.resume(),
        cancel: () => {
          open = false;
          source.resume();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
    );
  }

  /** The sink, cut off before the first byte over the limit reaches it. */
  #limited(source: BodySource, sink: BodySink): BodySink {
    let room = this.limitBytes;
    let open = true;
    let isEmpty = true;
    return {
      chunk: (bytes) => {
        room -= bytes.byteLength;
        isEmpty &&= bytes.byteLength === 0;
        if (!open) return;
        if (room >= 0) {
          sink.chunk(bytes);
          return;
        }
        open = false;
        source.pause();
        sink.fail(this.#tooLarge());
      },
      end: () => {
        this.#isEmpty = isEmpty;
        if (open) sink.end();
      },
      fail: (error) => {
        if (open) sink.fail(error);
      },
    };
  }

  #tooLarge(): PayloadTooLargeError {
    return new PayloadTooLargeError(`The body is over the limit of ${this.limitBytes} bytes.`);
  }
}
