import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULTS } from '../../src/defaults.ts';
import { HttpResponse, type HttpRequest } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { type OpenServer, openServer } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Lets time pass, second by second, and what was sent arrive meanwhile. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    vi.advanceTimersByTime(1_000);
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  }
}

/** A source that gives what it is told to, and tells when it is told that nobody waits. */
class QuietSource {
  readonly told = deferred();
  #give: (chunk: string) => void = () => {};

  give(chunk: string): void {
    this.#give(chunk);
  }

  web(): ReadableStream<string> {
    return new ReadableStream({
      start: (controller) => {
        this.#give = (chunk) => controller.enqueue(chunk);
      },
      cancel: () => this.told.resolve(),
    });
  }

  readable(): Readable {
    const readable = new Readable({
      read() {},
      destroy: (_error, done) => {
        this.told.resolve();
        done(null);
      },
    });
    this.#give = (chunk) => void readable.push(chunk);
    return readable;
  }

  iterator(): AsyncIterator<string> & AsyncIterable<string> {
    const waiting: ((step: IteratorResult<string>) => void)[] = [];
    const ready: string[] = [];
    this.#give = (value) => {
      const taker = waiting.shift();
      if (taker === undefined) ready.push(value);
      else taker({ done: false, value });
    };
    const iterator = {
      [Symbol.asyncIterator]: () => iterator,
      next: () =>
        new Promise<IteratorResult<string>>((resolve) => {
          const value = ready.shift();
          if (value === undefined) waiting.push(resolve);
          else resolve({ done: false, value });
        }),
      return: async () => {
        this.told.resolve();
        return { done: true, value: undefined } as const;
      },
    };
    return iterator;
  }

  response(): Response {
    return new Response(this.web().pipeThrough(new TextEncoderStream()));
  }
}

const KINDS = ['web', 'readable', 'iterator', 'response'] as const;

/** Whoever has closed its side after these bytes, when the server has seen that. */
async function halfClosed(open: OpenServer, aborted: Promise<unknown>, bytes: string): Promise<RawClient> {
  const client = await RawClient.open(open.port);
  client.send(bytes).sendFin();
  await aborted;
  return client;
}

/** Resolves when the signal of a request aborts. */
function abortOf({ signal }: HttpRequest): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

describe.each(KINDS)('a stream (%s) to a client that has closed its side', (kind) => {
  test.each([
    ['that said nothing yet', []],
    ['that has begun', ['part']],
  ])('%s is ended after five silent seconds', async (_what, chunks) => {
    const source = new QuietSource();
    const aborted = deferred();
    await using open = await openServer((app) =>
      app.get('/', (each) => {
        void abortOf(each as HttpRequest).then(aborted.resolve);
        const body = source[kind]();
        for (const chunk of chunks) source.give(chunk);
        return body;
      }),
    );
    await using client = await halfClosed(open, aborted.promise, get('/'));
    await pass(DEFAULTS.halfClosedMs + 1_000);
    await source.told.promise;
    await client.until(() => client.isClosed || client.hasEnded, 'the end');
    expect(client.received).not.toMatch(/0\r\n\r\n$/);
    expect(open.log.at('error')).toEqual([]);
  });

  test('goes on while it speaks, and comes whole', async () => {
    const source = new QuietSource();
    const aborted = deferred();
    await using open = await openServer((app) =>
      app.get('/', (each) => {
        void abortOf(each as HttpRequest).then(aborted.resolve);
        const response = HttpResponse.stream(source[kind === 'response' ? 'web' : kind](), {
          headers: { 'content-length': 12 },
        });
        source.give('abcd');
        return response;
      }),
    );
    await using client = await halfClosed(open, aborted.promise, get('/'));
    for (const chunk of ['efgh', 'ijkl']) {
      await pass(DEFAULTS.halfClosedMs - 1_000);
      source.give(chunk);
      await client.until(() => client.received.endsWith(chunk), chunk);
    }
    expect((await client.response()).body).toBe('abcdefghijkl');
  });
});

test.each([
  ['behind which another request waits', get('/') + get('/')],
  ['and has sent bytes that are no HTTP', `${get('/')}no HTTP\r\n\r\n`],
  [
    'in the middle of a body that nobody reads',
    `${request('POST', '/', ['content-length: 1000000'])}${'x'.repeat(500_000)}`,
  ],
])(
  'a client that closes its side of a silent stream %s does not hold its connection for ever',
  async (_what, bytes) => {
    const source = new QuietSource();
    const begun = deferred();
    await using open = await openServer((app) =>
      app.all('/', () => {
        begun.resolve();
        return source.web();
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(bytes).sendFin();
    await begun.promise;
    await pass(DEFAULTS.requestTimeoutMs + 10_000);
    await source.told.promise;
    await client.until(() => client.isClosed || client.hasEnded, 'the end');
  },
);

test('a client that sends its next request early keeps a stream that takes its time', async () => {
  const source = new QuietSource();
  await using open = await openServer((app) => app.get('/', () => source.web()).get('/next', () => 'next'));
  await using client = await RawClient.open(open.port);
  client.send(get('/') + get('/next'));
  await pass(3 * DEFAULTS.halfClosedMs);
  source.give('late');
  await client.until(() => client.received.includes('late'), 'the late chunk');
});

test('a client that stays gets a stream however long it is silent', async () => {
  const source = new QuietSource();
  await using open = await openServer((app) => app.get('/', () => source.web()));
  await using client = await RawClient.open(open.port);
  client.send(get('/'));
  await pass(100_000);
  source.give('late');
  await client.until(() => client.received.includes('late'), 'the late chunk');
});

test('a source that comes when the client is gone is told at once', async () => {
  const source = new QuietSource();
  const [called, answer] = [deferred(), deferred()];
  await using open = await openServer((app) =>
    app.get('/', async () => {
      called.resolve();
      await answer.promise;
      return source.web();
    }),
  );
  const client = await RawClient.open(open.port);
  client.send(get('/'));
  await called.promise;
  client.reset();
  await pass(DEFAULTS.halfClosedMs + 1_000);
  answer.resolve();
  await pass(DEFAULTS.halfClosedMs + 1_000);
  await source.told.promise;
});
