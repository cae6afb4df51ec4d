import { describe, expect, test } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';

describe.concurrent('a stop ends well for', () => {
  test('an idle keep-alive connection and one that never sent anything', async ({ expect: check }) => {
    await using open = await openServer((app) => app.get('/', () => 'x'));
    await using idle = await RawClient.open(open.port);
    await idle.send(get('/')).response();
    await using silent = await RawClient.open(open.port);
    await idle.send(get('/')).responses(2);
    const report = await open.server.shutdown();
    check(report).toMatchObject({ reason: 'shutdown', drained: 2, forced: 0 });
    check(report.durationMs).toBeLessThan(1_000);
    await idle.ended();
    await silent.ended();
    check([idle.errorCode, silent.errorCode]).toEqual([undefined, undefined]);
  });

  test('a request in flight, whose answer says Connection: close', async ({ expect: check }) => {
    const [gate, begun] = [deferred(), deferred()];
    await using open = await openServer((app) =>
      app.get('/', async () => {
        begun.resolve();
        await gate.promise;
        return 'answer';
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await begun.promise;
    const stopping = open.server.shutdown();
    await check.poll(() => open.server.isConnected()).toBe(false);
    await check(RawClient.open(open.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    gate.resolve();
    const response = await client.response();
    check([response.body, response.headers.get('connection')]).toEqual(['answer', 'close']);
    await client.ended();
    check(await stopping).toMatchObject({ drained: 1, forced: 0 });
  });

  test('half a head: 408 about a second later', async ({ expect: check }) => {
    await using open = await openServer((app) => app.get('/', () => 'x'));
    await using client = await RawClient.open(open.port);
    await client.send(get('/')).response();
    client.send('GET / HTTP/1.1\r\nho');
    await using other = await RawClient.open(open.port);
    await other.send(get('/')).response();
    const stopping = open.server.shutdown();
    await client.ended();
    const report = await client
      .sendFin()
      .until(() => client.isClosed, 'the close')
      .then(() => stopping);
    const [, last] = await client.responses(2);
    check([last?.status, last?.headers.get('connection')]).toEqual([408, 'close']);
    check(report).toMatchObject({ forced: 0 });
    check(report.durationMs).toBeLessThan(5_000);
  });

  test('half a head that is completed in time', async ({ expect: check }) => {
    await using open = await openServer((app) => app.get('/', () => 'x'));
    await using client = await RawClient.open(open.port);
    client.send('GET / HTTP/1.1\r\nho');
    await using other = await RawClient.open(open.port);
    await other.send(get('/')).response();
    const stopping = open.server.shutdown();
    await check.poll(() => open.server.isConnected()).toBe(false);
    const response = await client.send('st: a\r\n\r\n').response();
    check([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
    check(await stopping).toMatchObject({ forced: 0 });
  });

  test('half a body that is completed in time', async ({ expect: check }) => {
    const begun = deferred();
    await using open = await openServer((app) =>
      app.post('/', (each) => {
        begun.resolve();
        return each.text();
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['content-length: 8']) + 'half');
    await begun.promise;
    const stopping = open.server.shutdown();
    await check.poll(() => open.server.isConnected()).toBe(false);
    const response = await client.send('half').response();
    check([response.body, response.headers.get('connection')]).toEqual(['halfhalf', 'close']);
    check(await stopping).toMatchObject({ forced: 0 });
  });

  test('pipelined requests, each of which is answered', async ({ expect: check }) => {
    const [gate, begun] = [deferred(), deferred()];
    await using open = await openServer((app) =>
      app.get('/:n', async (each) => {
        if (each.params.n === '2') begun.resolve();
        await gate.promise;
        return each.params.n;
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/1') + get('/2'));
    await begun.promise;
    const stopping = open.server.shutdown();
    gate.resolve();
    const responses = await client.responses(2);
    check(responses.map(({ body, headers }) => [body, headers.get('connection') === 'close'])).toEqual([
      ['1', false],
      ['2', true],
    ]);
    await client.ended();
    check(await stopping).toMatchObject({ drained: 1, forced: 0 });
  });

  test('a streaming response that comes to its end', async ({ expect: check }) => {
    const [gate, begun] = [deferred(), deferred()];
    await using open = await openServer((app) =>
      app.get('/', async function* () {
        yield 'a';
        begun.resolve();
        await gate.promise;
        yield 'b';
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await begun.promise;
    const stopping = open.server.shutdown();
    gate.resolve();
    check((await client.response()).body).toBe('ab');
    await client.ended();
    check(await stopping).toMatchObject({ drained: 1, forced: 0 });
  });
});

describe.concurrent('a stop is forced at its deadline for', () => {
  const deadline = { name: 'AbortError', code: 'ERR_PORTLIGHT_DRAIN_DEADLINE' };

  test('a handler that does not end, whose signal aborts', async ({ expect: check }) => {
    const [reason, begun] = [deferred<unknown>(), deferred()];
    await using open = await openServer((app) =>
      app.get('/', ({ signal }) => {
        begun.resolve();
        signal.addEventListener('abort', () => reason.resolve(signal.reason));
        return new Promise(() => {});
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await begun.promise;
    const report = await open.server.shutdown({ timeoutMs: 100 });
    check(report).toMatchObject({ drained: 0, forced: 1 });
    check(await reason.promise).toMatchObject(deadline);
    await client.ended();
  });

  test('half a body that is not completed', async ({ expect: check }) => {
    const begun = deferred();
    await using open = await openServer((app) =>
      app.post('/', (each) => {
        begun.resolve();
        return each.text();
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['content-length: 8']) + 'half');
    await begun.promise;
    check(await open.server.shutdown({ timeoutMs: 100 })).toMatchObject({ forced: 1 });
    await client.ended();
  });

  test('a client that never reads, whose source is told', async ({ expect: check }) => {
    const [cancelled, begun] = [deferred<unknown>(), deferred()];
    await using open = await openServer((app) =>
      app.get(
        '/',
        () =>
          new ReadableStream({
            pull(controller) {
              begun.resolve();
              controller.enqueue(Buffer.alloc(65_536));
            },
            cancel: (reason) => cancelled.resolve(reason),
          }),
      ),
    );
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    client.send(get('/'));
    await begun.promise;
    const report = await open.server.shutdown({ timeoutMs: 200 });
    check(report).toMatchObject({ drained: 0, forced: 1 });
    check(report.durationMs).toBeLessThan(5_000);
    check(await cancelled.promise).toBeInstanceOf(Error);
  });

  test.each([
    ['text', 'x'.repeat(24 * 1_048_576)],
    ['bytes', Buffer.alloc(24 * 1_048_576)],
  ])('a client that never reads its %s', async (_what, body) => {
    await using open = await openServer((app) => app.get('/', () => body));
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await client.until(() => client.received !== '', 'the beginning');
    client.socket.pause();
    expect(await open.server.shutdown({ timeoutMs: 200 })).toMatchObject({ drained: 0, forced: 1 });
  });

  test('one of several connections, and says of how many', async ({ expect: check }) => {
    const begun = deferred();
    await using open = await openServer((app) =>
      app
        .get('/', () => 'x')
        .get('/hangs', () => {
          begun.resolve();
          return new Promise(() => {});
        }),
    );
    await using hanging = await RawClient.open(open.port);
    hanging.send(get('/hangs'));
    await begun.promise;
    await using idle = await RawClient.open(open.port);
    await idle.send(get('/')).response();
    check(await open.server.shutdown({ timeoutMs: 100 })).toMatchObject({ drained: 1, forced: 1 });
  });
});

test('between not ready and no longer accepting lies drainDelayMs', async () => {
  await using open = await openServer((app) => app.get('/', () => 'x').ready(), { drainDelayMs: 1_500 });
  await using probe = await RawClient.open(open.port);
  const [before] = await probe.send(get('/ready')).responses(1);
  expect([before?.status, before?.body]).toEqual([200, 'READY']);
  const stopping = open.server.shutdown();
  await expect.poll(async () => (await open.server.fetch('/ready')).status).toBe(503);
  await using late = await RawClient.open(open.port);
  const [during, other] = await late.send(get('/ready') + get('/')).responses(2);
  expect([during?.status, other?.status]).toEqual([503, 200]);
  expect(await stopping).toMatchObject({ forced: 0 });
});
