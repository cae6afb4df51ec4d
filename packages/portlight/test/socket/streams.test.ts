import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type HttpServer, HttpResponse } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'x');

describe('a streamed response', () => {
  test('sends its head with its first chunk, or before one that has no bytes', async () => {
    const gate = deferred();
    await using open = await openServer((app) =>
      app.get('/', async function* () {
        yield '';
        await gate.promise;
        yield 'late';
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await client.until(() => client.received.includes('\r\n\r\n'), 'the head');
    gate.resolve();
    expect((await client.response()).body).toBe('late');
  });

  test.each<[string, () => unknown]>([
    [
      'a generator that throws',
      async function* () {
        yield 'part';
        await new Promise(setImmediate);
        throw new Error('secret');
      },
    ],
    [
      'a web stream that errors',
      () =>
        new ReadableStream({
          start: (controller) => controller.enqueue('part'),
          async pull(controller) {
            await new Promise(setImmediate);
            controller.error(new Error('secret'));
          },
        }),
    ],
    [
      'a Readable that is destroyed',
      () => {
        const source = new Readable({ read() {} });
        source.push('part');
        setImmediate(() => source.destroy(new Error('secret')));
        return source;
      },
    ],
    [
      'a chunk that is neither text nor bytes',
      function* () {
        yield 'part';
        yield 5 as unknown as string;
      },
    ],
    ['fewer bytes than announced', () => HttpResponse.stream(['part'].values(), { headers: { 'content-length': 5 } })],
    [
      'more bytes than announced',
      () => HttpResponse.stream(['part', 'more'].values(), { headers: { 'content-length': 5 } }),
    ],
  ])('%s is cut without its last chunk, and told in the log', async (_what, reply) => {
    await using open = await openServer((app) => app.get('/', reply));
    await using client = await RawClient.open(open.port);
    const text = await client.send(get('/') + get('/none')).ended();
    expect(text).not.toContain('secret');
    expect(text).not.toMatch(/0\r\n\r\n$/);
    expect(text).not.toContain('404');
    await expect.poll(() => open.log.at('error')).toHaveLength(1);
  });

  test.each<[string, () => unknown]>([
    [
      'a generator that throws at once',
      function* () {
        yield 'part';
        throw new Error('secret');
      },
    ],
    [
      'an async generator that throws at once',
      async function* () {
        yield 'part';
        throw new Error('secret');
      },
    ],
    [
      'a web stream that errors at once',
      () =>
        new ReadableStream({
          start: (controller) => controller.enqueue('part'),
          pull: (controller) => controller.error(new Error('secret')),
        }),
    ],
    ['fewer bytes than announced', () => HttpResponse.stream(['part'].values(), { headers: { 'content-length': 5 } })],
    [
      'a trailer that fails',
      () =>
        HttpResponse.stream(['part'].values(), { trailers: { 'x-sum': () => Promise.reject(new Error('secret')) } }),
    ],
  ])('%s behind its first chunk is cut behind head and chunk', async (_what, reply) => {
    await using open = await openServer((app) => app.get('/', reply));
    await using client = await RawClient.open(open.port);
    const text = await client.send(get('/', 'te: trailers') + get('/none')).ended();
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n(?:4\r\n)?part(?:\r\n)?$/);
    await expect.poll(() => open.log.at('error')).toHaveLength(1);
  });

  test('of announced length keeps the connection', async () => {
    await using open = await openServer((app) =>
      app.get('/', () => HttpResponse.stream(['ab', 'é'].values(), { headers: { 'content-length': 4 } })),
    );
    await using client = await RawClient.open(open.port);
    const [first] = await client.send(get('/') + get('/')).responses(2);
    expect([first?.body, first?.headers.has('transfer-encoding')]).toEqual([
      Buffer.from('abé').toString('latin1'),
      false,
    ]);
  });
});

/** Gives chunks for ever and counts how many were asked for. */
class Endless {
  asked = 0;
  readonly ended = deferred<unknown>();

  async *generate(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        this.asked++;
        yield CHUNK;
        await new Promise(setImmediate);
      }
    } finally {
      this.ended.resolve('finally');
    }
  }

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream(
      {
        pull: (controller) => {
          this.asked++;
          controller.enqueue(CHUNK);
        },
        cancel: (reason: unknown) => this.ended.resolve(reason),
      },
      { highWaterMark: 0 },
    );
  }

  readable(): Readable {
    const readable = new Readable({
      read: () => {
        this.asked++;
        readable.push(CHUNK);
      },
      destroy: (error, done) => {
        this.ended.resolve(error);
        done(null);
      },
    });
    return readable;
  }
}

describe.each(['generate', 'stream', 'readable'] as const)(
  'a client that does not read an endless response (%s)',
  (kind) => {
    const serve =
      (source: Endless) =>
      (app: HttpServer): unknown =>
        app.get('/', () => source[kind]());

    test('is sent only what it and the sockets hold, and its going ends the source', async () => {
      const source = new Endless();
      await using open = await openServer(serve(source));
      await using client = await RawClient.open(open.port);
      client.socket.pause();
      client.send(get('/'));
      let before = -1;
      // Not asked again for as long as another client needs for twenty requests: it waits.
      while (before !== source.asked || source.asked === 0) {
        before = source.asked;
        await using other = await RawClient.open(open.port);
        for (let round = 1; round <= 20; round++) await other.send(get('/none')).responses(round);
      }
      expect(source.asked * CHUNK.length).toBeLessThan(32 * 1_048_576);
      client.reset();
      const reason = await source.ended.promise;
      expect(reason === 'finally' || (reason as { code: string }).code === 'ERR_PORTLIGHT_CLIENT_GONE').toBe(true);
      const asked = source.asked;
      await new Promise(setImmediate);
      expect(source.asked).toBe(asked);
      expect(open.log.at('error')).toEqual([]);
    });

    test('is told of the end when it reads and then goes', async () => {
      const source = new Endless();
      await using open = await openServer(serve(source));
      await using client = await RawClient.open(open.port);
      client.send(get('/'));
      await client.until(() => client.received.length > 4 * CHUNK.length, 'some chunks');
      client.reset();
      await source.ended.promise;
      expect(open.log.at('error')).toEqual([]);
    });
  },
);

test('a generator that waits for the signal is let go when the client goes', async () => {
  const ended = deferred();
  const begun = deferred();
  await using open = await openServer((app) =>
    app.get('/', (request) =>
      (async function* () {
        try {
          yield 'first';
          begun.resolve();
          await new Promise<void>((resolve) => request.signal.addEventListener('abort', () => resolve()));
        } finally {
          ended.resolve();
        }
      })(),
    ),
  );
  await using client = await RawClient.open(open.port);
  client.send(get('/'));
  await begun.promise;
  client.reset();
  await ended.promise;
  expect(open.log.at('error')).toEqual([]);
});

test.each([
  ['HEAD', 200],
  ['GET', 304],
])('a source whose body is not sent (%s, %i) is told so', async (method, status) => {
  const source = new Endless();
  await using open = await openServer((app) => app.get('/', () => HttpResponse.stream(source.stream(), { status })));
  await using client = await RawClient.open(open.port);
  client.send(get('/').replace('GET', method));
  expect(await source.ended.promise).toBeInstanceOf(Error);
  expect(source.asked).toBe(0);
});
