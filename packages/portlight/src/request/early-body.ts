import type { BodySink, BodySource } from './body-source.ts';

/** A body of which some is received before anybody reads it. Who does gets all of it, in order. */
export class EarlyBody implements BodySource {
  readonly #source: BodySource;
  readonly #chunks: Uint8Array[] = [];
  #room = 0;
  /** How it ended, from when it has. */
  #end: ((sink: BodySink) => void) | undefined;
  #sink: BodySink | undefined;
  #isPaused = false;
  #onReceived: () => void = () => {};

  constructor(source: BodySource) {
    this.#source = source;
  }

  get declaredBytes(): number | undefined {
    return this.#source.declaredBytes;
  }

  get failure(): Error | undefined {
    return this.#source.failure;
  }

  /** Resolves when all of it is there, or as much as there is room for, or when it has failed. Never rejects. */
  receive(maxBytes: number): Promise<void> {
    this.#room = maxBytes;
    return new Promise((resolve) => {
      this.#onReceived = resolve;
      this.#source.start({
        chunk: (bytes) => this.#take(bytes),
        end: () => this.#finish((sink) => sink.end()),
        fail: (error) => this.#finish((sink) => sink.fail(error)),
      });
    });
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    for (const bytes of this.#chunks.splice(0)) sink.chunk(bytes);
    if (this.#end !== undefined) this.#end(sink);
    else if (!this.#isPaused) this.#source.resume();
  }

  pause(): void {
    this.#isPaused = true;
    this.#source.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#source.resume();
  }

  #take(bytes: Uint8Array): void {
    if (this.#sink !== undefined) {
      this.#sink.chunk(bytes);
      return;
    }
    this.#chunks.push(bytes);
    this.#room -= bytes.byteLength;
    if (this.#room > 0) return;
    this.#source.pause();
    this.#onReceived();
  }

  #finish(end: (sink: BodySink) => void): void {
    this.#end = end;
    this.#onReceived();
    if (this.#sink !== undefined) end(this.#sink);
  }
}
