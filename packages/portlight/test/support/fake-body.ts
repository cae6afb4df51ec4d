import type { BodySink, BodySource } from '../../src/request/body-source.ts';

/** A body whose bytes come when the test says so. */
export class FakeBody implements BodySource {
  readonly declaredBytes: number | undefined;
  readonly #started: (sink: BodySink) => void;
  sink: BodySink | undefined;
  starts = 0;
  isPaused = false;

  constructor(declaredBytes?: number, started: (sink: BodySink) => void = () => {}) {
    this.declaredBytes = declaredBytes;
    this.#started = started;
  }

  /** A body that is there as soon as it is asked for. */
  static of(...texts: readonly string[]): FakeBody {
    return new FakeBody(undefined, (sink) => {
      for (const text of texts) sink.chunk(Buffer.from(text));
      sink.end();
    });
  }

  start(sink: BodySink): void {
    this.starts++;
    this.sink = sink;
    this.#started(sink);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}
