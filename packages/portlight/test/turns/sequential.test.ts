import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { HttpServer, type ServerOptions, type StopReport } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { get, RawClient } from '../support/raw-client.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

interface Running extends AsyncDisposable {
  readonly server: HttpServer;
  readonly port: number;
  readonly url: string;
  readonly log: RecordingLogger;
  readonly stopped: Promise<StopReport>;
}

async function runSequential(register: (server: HttpServer) => unknown, options: ServerOptions = {}): Promise<Running> {
  const log = new RecordingLogger();
  const server = new HttpServer('127.0.0.1', 0, options).debug(log);
  register(server);
  const started = deferred();
  server.onStart(() => started.resolve());
  const stopped = server.run({ mode: 'sequential' });
  await Promise.race([started.promise, stopped]);
  const { port } = server.getAddress();
  return {
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    log,
    stopped,
    [Symbol.asyncDispose]: async () => void (await server.shutdown({ timeoutMs: 0 })),
  };
}

/** Counts who is at work, and keeps the order in which they came. */
class Workplace {
  most = 0;
  readonly order: string[] = [];
  #atWork = 0;

  async work(name: string, done: Promise<unknown> = delay(1)): Promise<string> {
    this.order.push(name);
    this.most = Math.max(this.most, ++this.#atWork);
    await done;
    this.#atWork--;
    return name;
  }
}

/** `PORTLIGHT_LONG=1` has 100,000. */
const REQUESTS = process.env['PORTLIGHT_LONG'] === '1' ? 100_000 : 500;
/** At a time. */
const ROUND = 100;

/** Whether the client of a request goes away before it is answered. */
function leaves(n: number): boolean {
  return (n * 7_919) % 10 < 3;
}

/** What a handler takes: nothing, or some turns of the event loop. */
async function pause(n: number): Promise<void> {
  for (let turns = (n * 31) % 4; turns > 0; turns--) await new Promise(setImmediate);
}

async function askOwn(server: HttpServer, name: string): Promise<[name: string, outcome: string]> {
  const controller = new AbortController();
  const answer = server.fetch(`/${name}`, { signal: controller.signal }).then(
    (response) => response.text(),
    () => 'gone',
  );
  if (leaves(Number(name))) {
    await pause(Number(name));
    controller.abort();
  }
  return [name, await answer.catch(() => 'gone')];
}

async function askRaw(client: RawClient, name: string): Promise<[name: string, outcome: string]> {
  client.send(get(`/${name}`));
  if (leaves(Number(name))) {
    await pause(Number(name));
    client.reset();
    return [name, 'gone'];
  }
  const { body } = await client.response();
  await client[Symbol.asyncDispose]();
  return [name, body];
}

const post = (path: string, length: number, ...fields: readonly string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${length}`, ...fields, '', ''].join('\r\n');

describe('one at a time', () => {
  test('handlers, with their middleware and interceptors, in the order in which requests came', async () => {
    const place = new Workplace();
    await using open = await runSequential((app) =>
      app
        .use(async (_request, next) => {
          await place.work('middleware');
          return next();
        })
        .onResponse(async () => void (await place.work('interceptor')))
        .get('/:name', (request) => place.work(request.params.name)),
    );
    const names = Array.from({ length: 20 }, (_none, index) => `n${index}`);
    const answers = names.map((name) => open.server.fetch(`/${name}`).then((response) => response.text()));
    expect(await Promise.all(answers)).toEqual(names);
    expect(place.most).toBe(1);
    expect(place.order).toEqual(names.flatMap((name) => ['middleware', name, 'interceptor']));
  });

  test('on one connection and on many', async () => {
    const place = new Workplace();
    await using open = await runSequential((app) => app.get('/:name', (request) => place.work(request.params.name)));
    await using pipelining = await RawClient.open(open.port);
    pipelining.send(get('/a') + get('/b') + get('/c'));
    const others = ['d', 'e', 'f'].map(async (name) => (await fetch(`${open.url}/${name}`)).text());
    expect((await pipelining.responses(3)).map(({ body }) => body)).toEqual(['a', 'b', 'c']);
    expect(await Promise.all(others)).toEqual(['d', 'e', 'f']);
    expect(place.most).toBe(1);
  });

  test('upgrades, messages, events and requests alike', async () => {
    const place = new Workplace();
    await using open = await runSequential((app) =>
      app
        .get('/', () => place.work('get'))
        .accept('/socket', {
          upgrade: async () => void (await place.work('upgrade')),
          open: async () => void (await place.work('open')),
          message: (message) => place.work(String(message)),
          close: async () => void (await place.work('close')),
        })
        .events('/events', (stream) => {
          place.order.push('events');
          stream.send({ data: 'hello' });
          stream.close();
        }),
    );
    const clients = await Promise.all([1, 2, 3].map(() => WebSocketClient.open(open.port, '/socket')));
    for (const client of clients) client.send('one', 'two', 'three');
    const answers = [1, 2, 3].map(async () => (await fetch(open.url)).text());
    const events = await fetch(`${open.url}/events`, { headers: { accept: 'text/event-stream' } });
    expect(await events.text()).toContain('data: hello');
    for (const client of clients) expect(await client.messages(3)).toEqual(['one', 'two', 'three']);
    expect(await Promise.all(answers)).toEqual(['get', 'get', 'get']);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expect.poll(() => place.order.filter((name) => name === 'close').length).toBe(3);
    expect(place.most).toBe(1);
  });

  test('messages of a channel in the order in which they came, beside requests', async () => {
    const place = new Workplace();
    const gate = deferred();
    const arrived = deferred();
    await using open = await runSequential((app) =>
      app
        .use((request, next) => {
          if (request.path === '/gate') arrived.resolve();
          return next();
        })
        .get('/gate', () => gate.promise)
        .get('/:name', (request) => place.work(request.params.name))
        .accept('/socket', {
          message: (message) => void place.work(`message ${String(message)}`),
          close: () => void place.order.push('close'),
        }),
    );
    await using client = await WebSocketClient.open(open.port, '/socket');
    const first = open.server.fetch('/gate');
    await arrived.promise;
    // What a client sends at once comes at once; the close frame is the last of it.
    client.send('1', '2', '3');
    client.websocket.close();
    await client.end();
    const answers = ['a', 'b'].map((name) => open.server.fetch(`/${name}`));
    gate.resolve();
    await Promise.all([first, ...answers]);
    expect(place.order).toEqual(['message 1', 'message 2', 'message 3', 'close', 'a', 'b']);
    expect(open.log.at('error')).toEqual([]);
  });

  test('a handler of a channel that fails closes it, and others go on', async () => {
    await using open = await runSequential((app) =>
      app.get('/', () => 'ok').accept('/socket', async () => Promise.reject(new Error('broken'))),
    );
    await using client = await WebSocketClient.open(open.port, '/socket');
    client.send('x');
    expect(await client.end()).toMatchObject({ code: 1011 });
    expect(await (await fetch(open.url)).text()).toBe('ok');
  });

  test('each in the async context of its own request', async () => {
    const storage = new AsyncLocalStorage<string>();
    await using open = await runSequential((app) =>
      app
        .use((request, next) => storage.run(request.path, next))
        .onResponse((response) => `${response} ${storage.getStore()}`)
        .get('/:name', async () => {
          await delay(1);
          return storage.getStore();
        }),
    );
    const answers = ['/a', '/b', '/c'].map(async (path) => (await fetch(open.url + path)).text());
    expect(await Promise.all(answers)).toEqual(['/a /a', '/b /b', '/c /c']);
  });
});

describe('who waits', () => {
  test('is answered 503 with Retry-After when too many do, by the error handlers too', async () => {
    const gate = deferred();
    await using open = await runSequential(
      (app) =>
        app
          .get('/', () => gate.promise.then(() => 'ok'))
          .post('/', () => 'never')
          .error(503, () => 'full'),
      { maxQueued: 2 },
    );
    const waiting = [1, 2, 3].map(() => open.server.fetch('/'));
    const refused = await open.server.fetch('/');
    expect([refused.status, refused.headers.get('retry-after'), await refused.text()]).toEqual([503, '1', 'full']);
    // Nobody is invited to send a body for nothing.
    await using client = await RawClient.open(open.port);
    client.send(post('/', 5, 'Expect: 100-continue'));
    expect((await client.response()).status).toBe(503);
    expect(client.received.startsWith('HTTP/1.1 100')).toBe(false);
    gate.resolve();
    expect(await Promise.all(waiting.map(async (each) => (await each).status))).toEqual([200, 200, 200]);
    expect((await open.server.fetch('/')).status).toBe(200);
  });

  test('is counted where it is a request, never where it is a message', async () => {
    const gate = deferred();
    await using open = await runSequential(
      (app) =>
        app
          .get('/gate', () => gate.promise)
          .get('/', () => 'ok')
          .accept('/', (message) => message),
      { maxQueued: 1 },
    );
    const clients = await Promise.all([1, 2, 3].map(() => WebSocketClient.open(open.port, '/')));
    const first = open.server.fetch('/gate');
    for (const client of clients) {
      client.send('1', '2');
      client.websocket.close();
    }
    await Promise.all(clients.map((client) => client.end()));
    const second = open.server.fetch('/');
    expect((await open.server.fetch('/')).status).toBe(503);
    gate.resolve();
    await first;
    expect(await (await second).text()).toBe('ok');
  });

  test('and goes away leaves the queue', async () => {
    const gate = deferred();
    const place = new Workplace();
    await using open = await runSequential(
      (app) => app.get('/gate', () => gate.promise).get('/:name', (request) => place.work(request.params.name)),
      { maxQueued: 2 },
    );
    const first = open.server.fetch('/gate');
    const controller = new AbortController();
    const gone = open.server.fetch('/gone', { signal: controller.signal });
    await using leaving = await RawClient.open(open.port);
    leaving.send(get('/left'));
    await isFull(open);
    controller.abort();
    await expect(gone).rejects.toThrow();
    const others = [fetch(`${open.url}/a`)];
    await isFull(open);
    leaving.reset();
    others.push(waitForPlace(`${open.url}/b`));
    await isFull(open);
    gate.resolve();
    await first;
    expect(await Promise.all(others.map(async (each) => (await each).text()))).toEqual(['a', 'b']);
    expect(place.order).toEqual(['a', 'b']);
    expect(place.most).toBe(1);
  });

  test('and goes away causes no code of the app to run', async () => {
    const gate = deferred();
    const ran: string[] = [];
    await using open = await runSequential((app) =>
      app
        .use((request, next) => {
          ran.push(`middleware ${request.path}`);
          return next();
        })
        .error('5xx', (error) => void ran.push(`error ${error.status}`))
        .error('4xx', (error) => void ran.push(`error ${error.status}`))
        .onResponse((_response, request) => void ran.push(`interceptor ${request?.path}`))
        .get('/gate', () => gate.promise.then(() => 'ok'))
        .get('/left', () => 'never')
        .post('/left', () => 'never'),
    );
    const first = open.server.fetch('/gate');
    const leaving = await Promise.all([1, 2, 3, 4].map(() => RawClient.open(open.port)));
    const [closed, reset, halfClosed, halfSent] = leaving as [RawClient, RawClient, RawClient, RawClient];
    closed.send(get('/left'));
    reset.send(get('/left'));
    halfClosed.send(get('/left')).sendFin();
    halfSent.send(`${post('/left', 10)}abc`).socket.destroy();
    closed.socket.destroy();
    reset.reset();
    expect((await halfClosed.response()).status).toBe(503);
    const controller = new AbortController();
    const gone = open.server.fetch('/left', { signal: controller.signal });
    controller.abort();
    await expect(gone).rejects.toThrow();
    const connections = promisify((tell: (error: Error | null, count: number) => void) =>
      open.server.getSocket()?.getConnections(tell),
    );
    await expect.poll(connections).toBe(0);
    gate.resolve();
    expect((await first).status).toBe(200);
    expect(ran).toEqual(['middleware /gate', 'interceptor /gate']);
  });

  test(
    `and goes away, as 30 of 100 do of ${REQUESTS}, keeps nobody from his turn`,
    { timeout: 3_600_000 },
    async () => {
      const place = new Workplace();
      await using open = await runSequential((app) =>
        app.get('/:name', (request) => place.work(request.params.name, pause(Number(request.params.name)))),
      );
      let answered = 0;
      for (let sent = 0; sent < REQUESTS; sent += ROUND) {
        const names = Array.from({ length: ROUND }, (_none, index) => `${sent + index}`);
        const before = place.order.length;
        const remote = names.filter((name) => Number(name) % 5 === 4);
        const clients = await Promise.all(remote.map(() => RawClient.open(open.port)));
        const own = names.filter((name) => Number(name) % 5 !== 4);
        const outcomes = [
          ...own.map((name) => askOwn(open.server, name)),
          ...clients.map((client, index) => askRaw(client, remote[index] as string)),
        ];
        for (const [name, outcome] of await Promise.all(outcomes)) {
          if (outcome === name) answered++;
          else expect([leaves(Number(name)), outcome]).toEqual([true, 'gone']);
        }
        // Whoever left may still be at work.
        expect(await (await open.server.fetch('/0')).text()).toBe('0');
        const began = place.order.slice(before, -1);
        expect(new Set(began).size).toBe(began.length);
        // Those of one process came in the order in which they were asked.
        expect(began.filter((name) => own.includes(name))).toEqual(own.filter((name) => began.includes(name)));
      }
      expect(place.most).toBe(1);
      expect(answered).toBeGreaterThanOrEqual(Array.from({ length: REQUESTS }).filter((_none, n) => !leaves(n)).length);
    },
  );

  test('is answered by a stop', async () => {
    const gate = deferred();
    const running = await runSequential((app) =>
      app.get('/gate', () => gate.promise.then(() => 'gate')).get('/next', () => 'next'),
    );
    await using first = await RawClient.open(running.port);
    await using second = await RawClient.open(running.port);
    first.send(get('/gate'));
    second.send(get('/next'));
    await delay(20);
    const stopping = running.server.shutdown();
    gate.resolve();
    expect([(await first.response()).body, (await second.response()).body]).toEqual(['gate', 'next']);
    expect(await stopping).toMatchObject({ forced: 0 });
    expect((await running.stopped).reason).toBe('shutdown');
  });
});

/** Resolves when one more is refused; before that the probe itself would wait, so it gives up soon. */
async function isFull({ url }: Running): Promise<void> {
  const probe = async (): Promise<number | undefined> =>
    fetch(`${url}/probe`, { signal: AbortSignal.timeout(50) }).then(
      ({ status }) => status,
      () => undefined,
    );
  await expect.poll(probe).toBe(503);
}

async function waitForPlace(url: string): Promise<Response> {
  const response = await fetch(url);
  if (response.status !== 503) return response;
  await delay(5);
  return waitForPlace(url);
}

describe('a handler that never ends', () => {
  test('is answered 503, and the next has its turn', async () => {
    await using open = await runSequential(
      (app) => app.get('/hangs', () => new Promise(() => {})).get('/', () => 'ok'),
      { handlerTimeoutMs: 50 },
    );
    const [hangs, next] = [open.server.fetch('/hangs'), open.server.fetch('/')];
    expect((await hangs).status).toBe(503);
    expect(await (await next).text()).toBe('ok');
  });

  test('because it waits for its own server, ends', async () => {
    await using open = await runSequential(
      (app) => app.get('/self', async () => (await app.fetch('/')).text()).get('/', () => 'ok'),
      { handlerTimeoutMs: 50 },
    );
    expect((await fetch(`${open.url}/self`)).status).toBe(503);
    expect((await fetch(open.url)).status).toBe(200);
  });

  test('of a channel is passed over, and says so', async () => {
    await using open = await runSequential(
      (app) => app.accept('/hangs', () => new Promise(() => {})).get('/', () => 'ok'),
      { handlerTimeoutMs: 50 },
    );
    await using client = await WebSocketClient.open(open.port, '/hangs');
    client.send('x');
    await expect.poll(() => open.log.at('error')).toHaveLength(1);
    expect(open.log.at('error')[0]).toMatchObject({
      fields: { path: '/hangs', handler: 'message', limitMs: 50 },
      message: 'A channel handler took too long; others have their turn while it goes on.',
    });
    expect(await (await fetch(open.url)).text()).toBe('ok');
  });

  test('of a channel lets the next messages of it wait, in their order', async () => {
    const gate = deferred();
    const place = new Workplace();
    await using open = await runSequential(
      (app) => app.accept('/', (message) => place.work(String(message), gate.promise)).get('/', () => 'ok'),
      { handlerTimeoutMs: 50 },
    );
    await using client = await WebSocketClient.open(open.port, '/');
    client.send('1', '2', '3');
    await expect.poll(() => open.log.at('error').length).toBe(1);
    expect(await (await fetch(open.url)).text()).toBe('ok');
    expect(place.order).toEqual(['1']);
    gate.resolve();
    expect(await client.messages(3)).toEqual(['1', '2', '3']);
    expect(place.most).toBe(1);
  });

  test('has 30 s where nothing else is said, and as long as it likes where a route says 0', async () => {
    const gate = deferred();
    await using open = await runSequential((app) =>
      app.get('/', { handlerTimeoutMs: 0 }, (request) => gate.promise.then(() => request.signal.aborted)),
    );
    const answer = open.server.fetch('/');
    gate.resolve();
    expect(await (await answer).json()).toBe(false);
  });
});

describe('a body', () => {
  const echo = (app: HttpServer, place: Workplace): HttpServer =>
    app
      .post('/text', (request) => place.work('text', request.text()).then(() => request.text()))
      .post('/json', (request) => request.json())
      .post('/bytes', async (request) => String((await request.bytes()).byteLength))
      .post('/stream', async (request) => {
        let bytes = 0;
        for await (const chunk of request.stream()) bytes += chunk.byteLength;
        return String(bytes);
      })
      .post('/form', async (request) => {
        const form = await request.formData();
        const file = form.get('file') as File;
        return `${form.get('name') as string} ${file.size}`;
      })
      .post('/unread', () => 'unread')
      .post('/small', { maxBodyBytes: 10 }, (request) => request.text())
      .get('/', () => place.work('get').then(() => 'ok'));

  test('that is slow keeps nobody else waiting', async () => {
    const place = new Workplace();
    await using open = await runSequential((app) => echo(app, place));
    await using slow = await RawClient.open(open.port);
    slow.send(`${post('/text', 4)}ab`);
    await expect.poll(async () => (await fetch(open.url)).status).toBe(200);
    expect(place.order).not.toContain('text');
    slow.send('cd');
    expect((await slow.response()).body).toBe('abcd');
    expect(place.order.at(-1)).toBe('text');
  });

  test('is invited before the turn', async () => {
    const place = new Workplace();
    const gate = deferred();
    await using open = await runSequential((app) => echo(app, place).get('/gate', () => gate.promise));
    const first = open.server.fetch('/gate');
    await using client = await RawClient.open(open.port);
    client.send(post('/text', 2, 'Expect: 100-continue'));
    await client.until(() => client.received.startsWith('HTTP/1.1 100'), 'the invitation');
    client.send('ok');
    gate.resolve();
    await first;
    await client.until(() => client.received.endsWith('ok'), 'the answer');
  });

  const sizes = [0, 1, 1_000, 65_536, 1_048_576, 1_048_577, 3_000_000];
  test.each(sizes.flatMap((size) => [['declared', size] as const, ['in chunks', size] as const]))(
    '%s of %i bytes is read as bytes, as a stream, and not at all',
    async (kind, size) => {
      await using open = await runSequential((app) => echo(app, new Workplace()), { maxBodyBytes: 4_000_000 });
      const bytes = Buffer.alloc(size, 'x');
      const body = (): Buffer | ReadableStream => (kind === 'declared' ? bytes : new Blob([bytes]).stream());
      for (const path of ['/bytes', '/stream', '/unread']) {
        const init = { method: 'POST', body: body(), duplex: 'half' as const };
        const response = await fetch(open.url + path, init);
        expect(await response.text()).toBe(path === '/unread' ? 'unread' : String(size));
      }
    },
  );

  test('that is a form, JSON or empty is what it is elsewhere', async () => {
    await using open = await runSequential((app) => echo(app, new Workplace()), { maxBodyBytes: 4_000_000 });
    for (const size of [10, 2_000_000]) {
      const form = new FormData();
      form.set('name', 'n');
      form.set('file', new File([Buffer.alloc(size)], 'f'));
      const response = await fetch(`${open.url}/form`, { method: 'POST', body: form });
      expect(await response.text()).toBe(`n ${size}`);
    }
    const json = await fetch(`${open.url}/json`, { method: 'POST', body: '{"a":1}' });
    expect(await json.json()).toEqual({ a: 1 });
  });

  test.each(['declared', 'in chunks'])('over the limit of its route is 413, %s', async (kind) => {
    await using open = await runSequential((app) => echo(app, new Workplace()));
    const body = kind === 'declared' ? 'x'.repeat(11) : new Blob(['x'.repeat(11)]).stream();
    const response = await fetch(`${open.url}/small`, { method: 'POST', body, duplex: 'half' });
    expect(response.status).toBe(413);
    expect((await fetch(`${open.url}/small`, { method: 'POST', body: 'x'.repeat(10) })).status).toBe(200);
  });

  test.each([
    ['small', 10],
    ['large', 2_000_000],
  ])(
    'whose client closes its side before it is complete is 400, without a code of the app: %s',
    async (_size, length) => {
      const place = new Workplace();
      const gate = deferred();
      await using open = await runSequential((app) =>
        echo(app, place)
          .get('/gate', () => gate.promise)
          .error('4xx', () => void place.order.push('error')),
      );
      const first = open.server.fetch('/gate');
      await using client = await RawClient.open(open.port);
      client.send(`${post('/text', length)}abc`).sendFin();
      const { status, body } = await client.response();
      expect([status, JSON.parse(body)]).toEqual([400, expect.objectContaining({ code: 'ERR_PORTLIGHT_BAD_REQUEST' })]);
      expect(place.order).toEqual([]);
      gate.resolve();
      await first;
    },
  );

  test('whose client goes away leaves nothing waiting', async () => {
    const place = new Workplace();
    await using open = await runSequential((app) => echo(app, place));
    await using client = await RawClient.open(open.port);
    client.send(`${post('/text', 400)}ab`);
    await expect.poll(async () => (await fetch(open.url)).status).toBe(200);
    client.reset();
    expect(await (await fetch(open.url)).text()).toBe('ok');
  });
});

describe('what runs outside turns', () => {
  test('is the rest of a generator, and an open stream of events', async () => {
    const gate = deferred();
    await using open = await runSequential((app) =>
      app
        .get('/generator', async function* () {
          yield 'a';
          await gate.promise;
          yield 'b';
        })
        .events('/events', async (stream) => {
          stream.send({ data: 'a' });
          await gate.promise;
          stream.send({ data: 'b' });
          stream.close();
        })
        .get('/', () => 'ok'),
    );
    const generator = await fetch(`${open.url}/generator`);
    const events = await fetch(`${open.url}/events`, { headers: { accept: 'text/event-stream' } });
    expect(await (await fetch(open.url)).text()).toBe('ok');
    gate.resolve();
    expect(await generator.text()).toBe('ab');
    expect(await events.text()).toContain('data: b');
  });

  test('is what a stream takes for its first chunk, and then comes its turn again', async () => {
    const gate = deferred();
    const place = new Workplace();
    await using open = await runSequential((app) =>
      app
        .onResponse(async (response) => {
          await place.work(response.headers.get('content-type') ?? 'none');
        })
        .use('/stream', async (_request, next) => {
          const response = await next();
          await place.work('middleware');
          return response;
        })
        .get('/stream', async function* () {
          await gate.promise;
          yield 'a';
        })
        .get('/open', async () => {
          gate.resolve();
          await place.work('open');
          return 'ok';
        }),
    );
    const stream = fetch(`${open.url}/stream`);
    await expect.poll(async () => (await fetch(`${open.url}/open`)).status).toBe(200);
    expect(await (await stream).text()).toBe('a');
    expect(place.most).toBe(1);
    expect(place.order).toContain('middleware');
  });

  test('is ping and ready, where no code of the app stands around them', async () => {
    const gate = deferred();
    await using open = await runSequential(
      (app) =>
        app
          .ping()
          .ready()
          .ready('/inside/ready')
          .use('/inside/ready', (_request, next) => next())
          .get('/', () => gate.promise),
      { maxQueued: 1 },
    );
    const [first, second] = [open.server.fetch('/'), open.server.fetch('/')];
    expect(await (await fetch(`${open.url}/ping`)).text()).toBe('PONG');
    expect(await (await fetch(`${open.url}/ready`)).text()).toBe('READY');
    expect((await fetch(`${open.url}/inside/ready`)).status).toBe(503);
    gate.resolve();
    await Promise.all([first, second]);
    expect(await (await fetch(`${open.url}/inside/ready`)).text()).toBe('READY');
  });

  test('is what guards refuse', async () => {
    const gate = deferred();
    await using open = await runSequential((app) => app.setRateLimit(1, 60).get('/', () => gate.promise));
    const first = open.server.fetch('/');
    expect((await open.server.fetch('/')).status).toBe(429);
    gate.resolve();
    expect((await first).status).toBe(204);
  });
});

test('a turn that was never given back is over with the stop', async () => {
  const begun = deferred();
  const running = await runSequential((app) =>
    app
      .get('/hangs', () => {
        begun.resolve();
        return new Promise(() => {});
      })
      .get('/', () => 'ok'),
  );
  await using client = await RawClient.open(running.port);
  client.send(get('/hangs'));
  await begun.promise;
  expect(await running.server.shutdown({ timeoutMs: 0 })).toMatchObject({ forced: 1 });
  await running.server.start();
  expect(await (await fetch(`http://127.0.0.1:${running.server.getAddress().port}`)).text()).toBe('ok');
  await running.server.shutdown();
});

test('the mode has to be known before the server starts', async () => {
  await using open = await runSequential((app) => app.get('/', () => 'ok'));
  await expect(open.server.run()).rejects.toThrow(/has started/);
  await expect(open.server.run({ mode: 'clustered' as never })).rejects.toThrow(/'workers' and 'forked' are/);
});
