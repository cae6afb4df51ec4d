import type { BodySink, BodySource } from '../request/body-source.ts';

/** The body of a standard request. Pulled chunk by chunk, so that a pause holds it. */
export class WebBody implements BodySource {
  readonly declaredBytes: number | undefined;
  readonly #stream: ReadableStream<Uint8Array>;
  #resume: (() => void) | undefined;
  #isPaused = false;

  constructor(stream: ReadableStream<Uint8Array>, declaredBytes: number | undefined) {
    this.#stream = stream;
    this.declaredBytes = declaredBytes;
  }

  start(sink: BodySink): void {
    void this.#pump(sink);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#resume?.();
  }

  async #pump(sink: BodySink): Promise<void> {
    const reader = this.#stream.getReader();
    try {
      for (;;) {
        if (this.#isPaused) await new Promise<void>((resolve) => (this.#resume = resolve));
        const step = await reader.read();
        if (step.done) return sink.end();
        sink.chunk(step.value);
      }
    } catch (error) {
      sink.fail(error as Error);
    }
  }
}
