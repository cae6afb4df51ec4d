import type { BodySink, BodySource } from '../../request/body-source.ts';

/** A body that came whole, in the same piece as its head. */
export class ReceivedBody implements BodySource {
  readonly whole: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.whole = bytes;
  }

  get declaredBytes(): number {
    return this.whole.byteLength;
  }

  start(sink: BodySink): void {
    sink.chunk(this.whole);
    sink.end();
  }

  pause(): void {}

  resume(): void {}
}
