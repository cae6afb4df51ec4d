import { Readable } from 'node:stream';
import { type Chunk, HttpResponse } from 'portlight';

const LONG_CHUNK = 'x'.repeat(65_536);

/** Replies that are made while they are sent, by name. */
export const STREAMS: Readonly<Record<string, () => unknown>> = {
  values: () => ['a', 'bc', 'd'].values(),
  generator: () => yieldAll('one', 'two', 'three'),
  async: () => yieldLate('one', 'two', 'three'),
  bytes: () => yieldAll(new Uint8Array([0, 255]), Buffer.from('x')),
  'non-ascii': () => yieldAll('ü', '👋', '日本'),
  web: () =>
    new ReadableStream<string | Uint8Array>({
      start(controller) {
        controller.enqueue('web');
        controller.enqueue(new Uint8Array([1, 2]));
        controller.close();
      },
    }),
  readable: () => Readable.from(['r', 'eadable']),
  blob: () => new Blob(['blob']),
  standard: () => new Response('standard'),
  empty: () => yieldAll(),
  'empty-async': () => yieldLate(),
  'empty-web': () => new ReadableStream({ start: (controller) => controller.close() }),
  'empty-chunks': () => yieldAll('', new Uint8Array(0), ''),
  'empty-chunks-between': () => yieldAll('', 'a', '', 'b', ''),
  long: () => yieldAll(...Array.from({ length: 40 }, () => LONG_CHUNK)),
  'long-async': () => yieldLate(...Array.from({ length: 10 }, () => LONG_CHUNK)),
  many: () => yieldAll(...Array.from({ length: 1_000 }, (_, index) => `${index},`)),
  'with-length': () => measured(8, 'exactly', '8'),
  'with-length-async': () => HttpResponse.stream(yieldLate('exactly', '8'), { headers: { 'content-length': 8 } }),
  'with-length-0': () => measured(0),
  'with-length-and-type': () =>
    HttpResponse.stream(yieldAll('a'), { status: 201, headers: { 'content-length': '1', 'content-type': 'text/x' } }),
  'too-short': () => measured(9, 'short'),
  'too-short-empty': () => measured(9),
  'too-long': () => measured(2, 'a', 'too long'),
  'too-long-at-once': () => measured(2, 'too long'),
  trailers: () =>
    HttpResponse.stream(yieldAll('a', 'b'), {
      trailers: { 'x-sum': () => 2, 'x-two': ['1', 'é'], 'x-none': undefined },
    }),
  'trailers-with-length': () =>
    HttpResponse.stream(yieldAll('ab'), {
      headers: { 'content-length': 2 },
      trailers: { 'x-late': async () => 'yes' },
    }),
  'trailers-of-nothing': () => HttpResponse.stream(yieldAll(), { trailers: { 'x-sum': '' } }),
  'trailers-fail': () =>
    HttpResponse.stream(yieldLate('a'), { trailers: { 'x-sum': () => Promise.reject(new Error('no sum')) } }),
  'status-204': () => HttpResponse.stream(yieldAll('never sent'), { status: 204 }),
  'status-205': () => HttpResponse.stream(yieldAll('never sent'), { status: 205 }),
  'status-304': () => HttpResponse.stream(yieldAll('never sent'), { status: 304 }),
  'status-404': () => HttpResponse.stream(yieldAll('sent'), { status: 404 }),
  'says-close': () => HttpResponse.stream(yieldAll('a', 'b'), { headers: { connection: 'close' } }),
  'fails-at-once': () => failing(),
  'fails-at-once-async': () => failingLate(),
  'fails-after-one': () => failing('one'),
  'fails-after-one-async': () => failingLate('one'),
  'fails-after-empty': () => failing(''),
  'fails-with-length': () => HttpResponse.stream(failing('one'), { headers: { 'content-length': 10 } }),
  'fails-long': () => failing(LONG_CHUNK, LONG_CHUNK, LONG_CHUNK),
  'web-fails': () => new ReadableStream({ start: (controller) => controller.error(new Error('secret')) }),
  'readable-fails': () =>
    new Readable({
      read() {
        this.destroy(new Error('secret'));
      },
    }),
  'wrong-chunk': () => yieldAll(7 as never),
  'wrong-chunk-later': () => yieldAll('a', null as never),
  'used-web': () => {
    const stream = new ReadableStream();
    stream.getReader();
    return stream;
  },
};

function* yieldAll(...chunks: readonly Chunk[]): Generator<Chunk> {
  yield* chunks;
}

async function* yieldLate(...chunks: readonly Chunk[]): AsyncGenerator<Chunk> {
  for (const chunk of chunks) {
    await new Promise((resolve) => setImmediate(resolve));
    yield chunk;
  }
}

function* failing(...chunks: readonly string[]): Generator<string> {
  yield* chunks;
  throw new Error('secret');
}

async function* failingLate(...chunks: readonly string[]): AsyncGenerator<Chunk> {
  yield* yieldLate(...chunks);
  throw new Error('secret');
}

function measured(lengthBytes: number, ...chunks: readonly string[]): HttpResponse {
  return HttpResponse.stream(yieldAll(...chunks), { headers: { 'content-length': lengthBytes } });
}
