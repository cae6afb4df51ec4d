import { describe, expect, test } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { openServer } from '../support/open-server.ts';
import { chunks, get, RawClient, request } from '../support/raw-client.ts';

const MIB = 1_048_576;

describe('a body over the limit', () => {
  test('that is declared is answered 413 before the handler, readable by a client that goes on sending', async () => {
    let calls = 0;
    await using open = await openServer((app) => app.post('/', () => ++calls));
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', [`content-length: ${8 * MIB}`]));
    for (let sent = 0; sent < 8; sent++) client.send(Buffer.alloc(MIB));
    const response = await client.response();
    expect([response.status, response.headers.get('connection')]).toEqual([413, 'close']);
    expect(response.body).toContain('ERR_PORTLIGHT_PAYLOAD_TOO_LARGE');
    await client.ended();
    expect(calls).toBe(0);
    expect(client.errorCode).toBe(undefined);
  });

  test('that comes in chunks is answered 413 at the first byte too many, readable likewise', async () => {
    await using open = await openServer((app) => app.post('/', { maxBodyBytes: 10 }, (each) => each.text()));
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['transfer-encoding: chunked']) + chunks('1234567890', '1'));
    const response = await client.response();
    expect([response.status, response.headers.get('connection')]).toEqual([413, 'close']);
    for (let sent = 0; sent < 4; sent++) client.send(chunks('x'.repeat(MIB)));
    client.send('0\r\n\r\n');
    await client.ended();
    expect(client.errorCode).toBe(undefined);
  });

  test('is one byte more than the limit, not the limit', async () => {
    await using open = await openServer((app) => app.post('/', { maxBodyBytes: 10 }, (each) => each.text()));
    await using client = await RawClient.open(open.port);
    const whole = request('POST', '/', ['transfer-encoding: chunked']) + chunks('12345', '67890') + '0\r\n\r\n';
    const responses = await client
      .send(whole + request('POST', '/', [], '1234567890') + request('POST', '/', [], '12345678901'))
      .responses(3);
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 413]);
  });

  test('fails a stream that the handler reads', async () => {
    const failure = deferred<unknown>();
    await using open = await openServer((app) =>
      app.post('/', { maxBodyBytes: 10 }, async (each) => {
        try {
          for await (const _bytes of each.stream()) continue;
        } catch (error) {
          failure.resolve(error);
          throw error;
        }
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['transfer-encoding: chunked']) + chunks('x'.repeat(11)));
    expect((await client.response()).status).toBe(413);
    expect(await failure.promise).toMatchObject({ status: 413 });
  });
});

describe('a body that the handler does not read', () => {
  test('keeps the connection when it is small, and the next request is read from its beginning', async () => {
    await using open = await openServer((app) => app.post('/', () => 'unread').get('/', () => 'next'));
    await using client = await RawClient.open(open.port);
    const [first, next] = await client.send(request('POST', '/', [], get('/').repeat(100)) + get('/')).responses(2);
    expect([first?.body, next?.body]).toEqual(['unread', 'next']);
    expect(first?.headers.get('connection')).not.toBe('close');
  });

  test('may come after its answer', async () => {
    await using open = await openServer((app) => app.post('/', () => 'unread').get('/', () => 'next'));
    await using client = await RawClient.open(open.port);
    await client.send(request('POST', '/', ['content-length: 10'])).response();
    const [, next] = await client.send(`0123456789${get('/')}`).responses(2);
    expect(next?.body).toBe('next');
  });

  test('costs the connection when it is large', async () => {
    await using open = await openServer((app) => app.post('/', { maxBodyBytes: 8 * MIB }, () => 'unread'));
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', [`content-length: ${4 * MIB}`]));
    const response = await client.response();
    expect([response.body, response.headers.get('connection')]).toEqual(['unread', 'close']);
    for (let sent = 0; sent < 4; sent++) client.send(Buffer.alloc(MIB));
    await client.ended();
    expect(client.errorCode).toBe(undefined);
  });
});

describe('a body that is read as it comes', () => {
  test('lets the client wait while the handler does not read', async () => {
    const gate = deferred();
    await using open = await openServer((app) =>
      app.post('/', { maxBodyBytes: 64 * MIB }, async (each) => {
        const stream = each.stream();
        await gate.promise;
        let total = 0;
        for await (const bytes of stream) total += bytes.byteLength;
        return total;
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', [`content-length: ${32 * MIB}`])).send(Buffer.alloc(32 * MIB));
    await using other = await RawClient.open(open.port);
    await other.send(get('/none')).response();
    // Sockets of both sides take some MiB; the rest has to wait here.
    expect(client.socket.writableLength).toBeGreaterThan(0);
    gate.resolve();
    expect((await client.response()).body).toBe(String(32 * MIB));
  });

  test('gives each chunk before the next one is sent', async () => {
    const seen: string[] = [];
    const got = [deferred(), deferred()] as const;
    await using open = await openServer((app) =>
      app.post('/', async (each) => {
        for await (const bytes of each.stream()) got[seen.push(Buffer.from(bytes).toString()) - 1]?.resolve();
        return seen;
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['transfer-encoding: chunked']) + chunks('one'));
    await got[0].promise;
    client.send(chunks('two'));
    await got[1].promise;
    expect(JSON.parse((await client.send('0\r\n\r\n').response()).body)).toEqual(['one', 'two']);
  });

  test.each([
    ['size', 'zz\r\n'],
    ['end of a chunk', '3\r\nabcd\r\n'],
    ['sign', '-1\r\n'],
    ['size in hexadecimal notation', '0x3\r\nabc\r\n'],
  ])('fails at a bad %s, and is answered 400', async (_what, bad) => {
    const failure = deferred<unknown>();
    await using open = await openServer((app) =>
      app.post('/', (each) =>
        each.text().catch((error: unknown) => {
          failure.resolve(error);
          throw error;
        }),
      ),
    );
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/', ['transfer-encoding: chunked']) + chunks('abc') + bad + get('/'));
    await client.ended();
    const responses = await client.responses(1);
    expect(responses[0]?.status).toBe(400);
    expect(client.received.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(await failure.promise).toMatchObject({ status: 400 });
  });
});

describe('Expect: 100-continue (RFC 9110 §10.1.1)', () => {
  const head = (length: number): string => request('POST', '/', [`content-length: ${length}`, 'expect: 100-continue']);

  test('is told to go on when the handler reads', async () => {
    await using open = await openServer((app) => app.post('/', (each) => each.text()));
    await using client = await RawClient.open(open.port);
    client.send(head(4));
    await client.until(() => client.received === 'HTTP/1.1 100 Continue\r\n\r\n', '100 Continue');
    client.send('body');
    await client.until(() => client.received.endsWith('\r\n\r\nbody'), 'the answer');
  });

  test.each([
    ['over the limit', 20, 413],
    ['for no route', 4, 404],
  ])('is not told to go on with a body %s', async (_what, length, status) => {
    await using open = await openServer((app) => app.post(status === 404 ? '/else' : '/', (each) => each.text()), {
      maxBodyBytes: 10,
    });
    await using client = await RawClient.open(open.port);
    expect((await client.send(head(length)).response()).status).toBe(status);
    expect(client.received).not.toContain('100 Continue');
  });
});
