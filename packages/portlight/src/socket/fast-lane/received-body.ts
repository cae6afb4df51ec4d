import type { BodySink, BodySource } from '../../request/body-source.ts';

/** A body that came whole, in the same piece as its head. */
export class ReceivedBody implements BodySource {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get declaredBytes(): number {
    return this.#bytes.byteLength;
  }

  start(sink: BodySink): void {
    sink.chunk(this.#bytes);
    sink.end();
  }

  pause(): void {}

  resume(): void {}
}
