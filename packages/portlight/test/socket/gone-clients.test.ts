import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FinishedExchange, HttpRequest, HttpServer, RequestShape } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';

/** Resolves to the reason of the signal. */
function abortOf({ signal }: HttpRequest<RequestShape>): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));
}

describe('a client that closes its side after the request', () => {
  test('aborts the signal, and gets the answer that is made all the same', async () => {
    const reason = deferred<unknown>();
    await using open = await openServer((app) =>
      app.get('/', async (each) => {
        reason.resolve(await abortOf(each));
        return 'answer';
      }),
    );
    await using client = await RawClient.open(open.port);
    const text = await client.send(get('/')).sendFin().ended();
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nanswer$/);
    expect(await reason.promise).toMatchObject({ name: 'AbortError', code: 'ERR_PORTLIGHT_CLIENT_GONE' });
  });

  test('gets all answers to pipelined requests', async () => {
    await using open = await openServer((app) =>
      app.get('/:n', async (each) => {
        await new Promise(setImmediate);
        return each.params.n;
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/1') + get('/2')).sendFin();
    expect((await client.responses(2)).map(({ body }) => body)).toEqual(['1', '2']);
    await client.ended();
  });

  test.each([
    ['in chunks', 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n', 'hi'],
    ['of HTTP/1.0', 'POST / HTTP/1.0\r\ncontent-length: 2\r\n\r\nhi', 'hi'],
    ['that is half a head', 'POST / HTTP/1.1\r\nhost: a\r\nco', ''],
  ])('gets an answer to a request %s that came with one that takes its time', async (_kind, second, answer) => {
    const [hasBegun, mayEnd] = [deferred(), deferred()];
    await using open = await openServer((app) =>
      app
        .get('/slow', async () => {
          hasBegun.resolve();
          await mayEnd.promise;
          return 'slow';
        })
        .post('/', (each) => each.text()),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/slow') + second).sendFin();
    await hasBegun.promise;
    mayEnd.resolve();
    const [slow, other] = await client.responses(2);
    expect(slow?.body).toBe('slow');
    if (answer === '') expect(other?.status).toBe(400);
    else expect(other?.body).toBe(answer);
    await client.ended();
  });

  test('gets the whole of a stream', async () => {
    await using open = await openServer((app) =>
      app.get('/', async function* () {
        for (let index = 0; index < 3; index++) {
          await new Promise(setImmediate);
          yield String(index);
        }
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/')).sendFin();
    expect((await client.response()).body).toBe('012');
  });

  test('in the middle of a body makes it fail', async () => {
    const failure = deferred<unknown>();
    await using open = await openServer((app) =>
      app.post('/', (each) => each.text().catch((error: unknown) => void failure.resolve(error))),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['content-length: 10']) + 'half').sendFin();
    expect(await failure.promise).toBeInstanceOf(Error);
    await client.ended();
  });
});

describe('a client that resets the connection', () => {
  const waiting = (app: HttpServer, reasons: unknown[], seen: () => void, done: () => void): unknown =>
    app.get('/', async (each) => {
      seen();
      reasons.push(await abortOf(each));
      done();
      return 'late';
    });

  test('aborts the signal once; the answer that comes late disturbs nobody', async () => {
    const reasons: unknown[] = [];
    const [seen, done] = [deferred(), deferred()];
    await using open = await openServer((app) => waiting(app, reasons, seen.resolve, done.resolve));
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await seen.promise;
    client.reset();
    await done.promise;
    expect(reasons).toMatchObject([{ code: 'ERR_PORTLIGHT_CLIENT_GONE' }]);
    await new Promise(setImmediate);
    expect(open.log.at('error')).toEqual([]);
  });

  test('in the middle of a body makes it fail and aborts the signal', async () => {
    const failure = deferred<unknown>();
    const [seen, aborted] = [deferred(), deferred<unknown>()];
    await using open = await openServer((app) =>
      app.post('/', async (each) => {
        void abortOf(each).then(aborted.resolve);
        seen.resolve();
        await each.text().catch(failure.resolve);
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['content-length: 10']) + 'half');
    await seen.promise;
    client.reset();
    expect(await failure.promise).toMatchObject({ code: 'ERR_PORTLIGHT_CLIENT_GONE' });
    expect(await aborted.promise).toMatchObject({ code: 'ERR_PORTLIGHT_CLIENT_GONE' });
    expect(open.log.at('error')).toEqual([]);
  });

  const never = (signal: AbortSignal): Promise<void> => pause(60_000, undefined, { signal });

  test.each<[string, (signal: AbortSignal) => unknown]>([
    [
      'the error of a timer',
      async function* (signal) {
        yield 'part';
        await never(signal);
      },
    ],
    [
      'the error of a timer with a limit of its own',
      async function* (signal) {
        yield 'part';
        await never(AbortSignal.any([signal, AbortSignal.timeout(60_000)]));
      },
    ],
    [
      'that of a web stream',
      (signal) =>
        new ReadableStream({
          start(controller) {
            controller.enqueue('part');
            signal.addEventListener('abort', () => controller.error(new DOMException('Gone.', 'AbortError')));
          },
        }),
    ],
    [
      'that of a Readable',
      (signal) => {
        const source = new Readable({ read() {}, signal });
        source.push('part');
        return source;
      },
    ],
  ])('ends a stream that throws %s, and is no error of the app', async (_what, stream) => {
    const ended = deferred<FinishedExchange>();
    await using open = await openServer((app) => app.get('/', (each) => stream(each.signal)).onFinish(ended.resolve));
    await using client = await RawClient.open(open.port);
    client.send(get('/'));
    await client.until(() => client.received.includes('part'), 'the first chunk');
    client.reset();
    expect(await ended.promise).toMatchObject({ isAborted: true, error: { code: 'ERR_PORTLIGHT_CLIENT_GONE' } });
    await expect
      .poll(() => open.log.at('debug').map(({ message }) => message))
      .toContain('A response was not sent to its end.');
    expect(open.log.at('error')).toEqual([]);
  });

  test('is not why a stream fails by an AbortError of its own', async () => {
    await using open = await openServer((app) =>
      app.get('/', async function* () {
        yield 'part';
        throw new DOMException('The source was aborted.', 'AbortError');
      }),
    );
    await using client = await RawClient.open(open.port);
    await client.send(get('/')).ended();
    await expect
      .poll(() => open.log.at('error').map(({ message }) => message))
      .toEqual(['A response could not be sent.']);
  });

  test('a hundred times leaves nothing behind', async () => {
    await using open = await openServer((app) => app.get('/', abortOf).get('/ok', () => 'x'));
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const client = await RawClient.open(open.port);
        client.send(get('/'));
        await new Promise(setImmediate);
        client.reset();
      }),
    );
    await using client = await RawClient.open(open.port);
    expect((await client.send(get('/ok')).response()).status).toBe(200);
    client.socket.destroy();
    expect(await open.server.shutdown({ timeoutMs: 5_000 })).toMatchObject({ forced: 0 });
  });
});
