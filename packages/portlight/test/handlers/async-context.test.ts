import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HttpResponse, type HttpServer } from '../../src/index.ts';
import { openChannel } from '../../src/testing/index.ts';
import { deferred } from '../support/deferred.ts';
import { EventClient } from '../support/event-client.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

const storage = new AsyncLocalStorage<string>();
const found = (): string => storage.getStore() ?? 'nothing';

/** Two chunks that say what the storage holds while they are made. */
async function* pulled(): AsyncGenerator<string> {
  yield `${found()} `;
  await turn();
  yield found();
}

function* pulledAtOnce(): Generator<string> {
  yield `${found()} `;
  yield found();
}

function webStream(): ReadableStream<Uint8Array> {
  const parts = [() => `${found()} `, found];
  return new ReadableStream(
    {
      pull(controller) {
        const part = parts.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(Buffer.from(part()));
      },
    },
    { highWaterMark: 0 },
  );
}

function nodeStream(): Readable {
  const parts = [() => `${found()} `, found];
  return new Readable({
    read() {
      this.push(parts.shift()?.() ?? null);
    },
  });
}

/** An app whose middleware puts the path into the storage, for what lies further in. */
const inStorage = (app: HttpServer): HttpServer => app.use((incoming, next) => storage.run(incoming.path, next));

describe('what a middleware has put into the async context is found', () => {
  test.each<[string, () => unknown]>([
    ['an async generator', () => pulled()],
    ['a generator', () => pulledAtOnce()],
    ['an async iterable', () => ({ [Symbol.asyncIterator]: () => pulled() })],
    ['a web stream', webStream],
    ['a stream of Node', nodeStream],
    ['a stream of Node over a generator', () => Readable.from(pulled())],
    ['a response with a generator', () => HttpResponse.stream(pulled())],
    [
      'a promise of a response with a generator',
      async () => {
        await turn();
        return HttpResponse.stream(pulled());
      },
    ],
    ['a standard response', () => new Response(webStream())],
  ])('while %s is pulled', async (_what, reply) => {
    await using open = await openServer((app) => inStorage(app).get('/page', reply));
    expect(await (await fetch(`http://127.0.0.1:${open.port}/page`)).text()).toBe('/page /page');
    const { server } = portless((app) => inStorage(app).get('/page', reply));
    expect(await (await server.fetch('/page')).text()).toBe('/page /page');
  });

  test('where a generator is told that its client has gone', async () => {
    const told = deferred<string>();
    await using open = await openServer((app) =>
      inStorage(app).get('/page', async function* () {
        try {
          for (;;) {
            yield 'x'.repeat(1_000);
            await turn();
          }
        } finally {
          told.resolve(found());
        }
      }),
    );
    await using client = await RawClient.open(open.port);
    await client.send(get('/page')).until(() => client.received.includes('xxx'), 'a chunk');
    client.reset();
    expect(await told.promise).toBe('/page');
  });

  test('by interceptors, one after the other', async () => {
    const told: string[] = [];
    const note = (): void => void told.push(found());
    await using open = await openServer((app) =>
      inStorage(app)
        .onResponse(note)
        .onResponse(async () => {
          await turn();
          note();
        })
        .onResponse(note)
        .get('/page', async () => {
          await turn();
          return 'x';
        })
        .get('/broken', () => {
          throw new Error('broken');
        }),
    );
    for (const path of ['/page', '/broken']) await fetch(`http://127.0.0.1:${open.port}${path}`);
    expect(told).toEqual(['/page', '/page', '/page', '/broken', '/broken', '/broken']);
  });

  test('by each handler of a channel', async () => {
    const told: string[] = [];
    const done = deferred();
    const note = (moment: string) => (): void => void told.push(`${moment} ${found()}`);
    await using open = await openServer((app) =>
      inStorage(app)
        .history('t', { size: 1 })
        .accept('/:room', {
          upgrade: note('upgrade'),
          async open(channel) {
            note('open')();
            await channel.join('t', { since: 'elsewhere-1' });
          },
          async message(message) {
            await turn();
            note('message')();
            if (message === 'bad') throw new Error('bad');
          },
          gap: note('gap'),
          error: note('error'),
          close() {
            note('close')();
            done.resolve();
          },
        }),
    );
    await using client = await WebSocketClient.open(open.port, '/room');
    client.send('good', 'bad').websocket.close();
    await done.promise;
    expect(told).toEqual(
      ['upgrade', 'open', 'gap', 'message', 'message', 'error', 'close'].map((moment) => `${moment} /room`),
    );
  });

  test('by the handlers of channels, each in its own', async () => {
    const { server } = portless((app) =>
      inStorage(app).accept('/:room', async () => {
        await turn();
        return found();
      }),
    );
    const [one, two] = [await openChannel(server, '/one'), await openChannel(server, '/two')];
    for (const channel of [one, two, one]) channel.send('x');
    expect([await one.next(), await two.next(), await one.next()]).toEqual(['/one', '/two', '/one']);
  });

  test('while the events of a stream are made', async () => {
    await using open = await openServer((app) =>
      inStorage(app).events('/feed', async function* () {
        for (let count = 0; count < 3; count++) {
          yield { data: found() };
          await turn();
        }
      }),
    );
    await using client = await EventClient.open(open.port, '/feed');
    expect((await client.events(3)).map(({ data }) => data)).toEqual(['/feed', '/feed', '/feed']);
  });
});

describe('what a request has put into the async context is not found by the next one of its connection', () => {
  const first = get('/1');
  const posted = (path: string): string => request('POST', path, [], 'hi');
  const chunked = 'POST /1 HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n';

  test.each<[string, readonly string[]]>([
    ['pipelined', [first, get('/2'), get('/3')]],
    ['pipelined behind one that may change something', [posted('/1'), posted('/2'), get('/3')]],
    ['pipelined behind one of the other lane', [chunked, get('/2'), posted('/3'), get('/4')]],
    ['pipelined before one of the other lane', [first, chunked.replace('/1', '/2'), get('/3')]],
  ])('where they are %s', async (_how, requests) => {
    for (const enter of [false, true]) {
      const seen: string[] = [];
      await using open = await openServer((app) =>
        app
          .use((incoming, next) => {
            seen.push(found());
            if (!enter) return storage.run(incoming.path, next);
            storage.enterWith(incoming.path);
            return next();
          })
          .all('/:n', async () => {
            await turn();
            return found();
          }),
      );
      await using client = await RawClient.open(open.port);
      const responses = await client.send(requests.join('')).responses(requests.length);
      expect(seen).toEqual(requests.map(() => 'nothing'));
      expect(responses.map(({ body }) => body)).toEqual(requests.map((_request, index) => `/${index + 1}`));
    }
  });

  test('where they come one after the other, or in pieces', async () => {
    const seen: string[] = [];
    await using open = await openServer((app) =>
      app.get('/:n', async (incoming) => {
        seen.push(found());
        storage.enterWith(incoming.path);
        await turn();
        return found();
      }),
    );
    await using client = await RawClient.open(open.port);
    await client.send(first).responses(1);
    await client.send(get('/2')).responses(2);
    client.send(get('/3').slice(0, 10));
    await turn();
    expect((await client.send(get('/3').slice(10)).responses(3)).map(({ body }) => body)).toEqual(['/1', '/2', '/3']);
    expect(seen).toEqual(['nothing', 'nothing', 'nothing']);
  });

  test('nor by a stream that waits for its turn', async () => {
    await using open = await openServer((app) =>
      app
        .use((incoming, next) => storage.run(incoming.path, next))
        .get('/1', async () => {
          await turn();
          return 'x'.repeat(3_000_000);
        })
        .get('/2', () => pulled()),
    );
    await using client = await RawClient.open(open.port);
    const [, second] = await client.send(first + get('/2')).responses(2);
    expect(second?.body).toBe('/2 /2');
  });
});
