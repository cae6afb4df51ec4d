import { describe, expect, test } from 'vitest';
import { HttpResponse, HttpServer, type ServerOptions } from '../../src/index.ts';
import { openServer, type OpenServer, portless } from '../support/open-server.ts';
import { get, RawClient, request } from '../support/raw-client.ts';
import { StandInGuest } from '../support/stand-in-guest.ts';
import { TestRouter } from '../support/test-router.ts';

interface Hosted extends OpenServer {
  readonly guest: StandInGuest;
}

/** A server with a guest below /guest, and a route of its own. */
async function host(
  register: (server: HttpServer, guest: StandInGuest) => unknown = (server, guest) =>
    server.mount('/', new TestRouter().guest('/guest/*rest', guest)),
  options: ServerOptions = {},
): Promise<Hosted> {
  const guest = new StandInGuest();
  const open = await openServer((server) => {
    register(server, guest);
    server.get('/own', () => 'own').post('/own', (each) => each.text());
  }, options);
  return { ...open, guest };
}

const upgradeTo = (path: string, ...fields: readonly string[]): string =>
  get(path, 'connection: Upgrade', 'upgrade: echo', ...fields);

describe('a guest on the port', () => {
  test.each([
    ['GET', get('/guest/a?b=c')],
    ['DELETE', request('DELETE', '/guest/a')],
    ['PROPFIND', request('PROPFIND', '/guest/a')],
    ['OPTIONS', request('OPTIONS', '/guest/a')],
    ['POST', request('POST', '/guest/a', [], 'body')],
    ['GET', get('/guest/a', 'accept: text/event-stream')],
  ])('answers %s with what node:http has', async (method, bytes) => {
    await using open = await host();
    await using client = await RawClient.open(open.port);
    const [first] = await client.send(bytes).responses(1);
    expect([first?.status, first?.headers.get('x-guest'), first?.body]).toEqual([
      201,
      'yes',
      `guest ${method} /guest/a 127.0.0.1`,
    ]);
  });

  test.each([
    ['with the head', request('POST', '/guest/echo', [], 'a body')],
    ['in chunks', 'POST /guest/echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n6\r\na body\r\n0\r\n\r\n'],
  ])('reads a body that came %s', async (_, bytes) => {
    await using open = await host();
    await using client = await RawClient.open(open.port);
    expect((await client.send(bytes).response()).body).toBe('a body');
  });

  test('has the client sent what it holds back until it is told to go on', async () => {
    await using open = await host();
    await using client = await RawClient.open(open.port);
    client.send(request('POST', '/guest/echo', ['expect: 100-continue', 'content-length: 3']));
    await client.until(() => client.received.includes('100 Continue'), 'word to go on');
    client.send('abc');
    await client.until(() => client.received.includes('abc'), 'the echo');
  });

  test("reads its bodies by itself in the mode 'sequential' too", async () => {
    const server = new HttpServer('127.0.0.1', 0).debug(false);
    server.mount('/', new TestRouter().guest('/guest/*rest', new StandInGuest()));
    const stopped = server.run({ mode: 'sequential' });
    await expect.poll(() => server.isConnected()).toBe(true);
    await using client = await RawClient.open(server.getAddress().port);
    expect((await client.send(request('POST', '/guest/echo', [], 'a body')).response()).body).toBe('a body');
    await server.shutdown();
    await stopped;
  });

  test('has its path beside the routes of the app, on one connection, in order', async () => {
    await using open = await host();
    await using client = await RawClient.open(open.port);
    client.send(get('/own') + get('/guest/1') + request('POST', '/own', [], 'x') + get('/guest/2') + get('/own'));
    expect((await client.responses(5)).map(({ body }) => body)).toEqual([
      'own',
      'guest GET /guest/1 127.0.0.1',
      'x',
      'guest GET /guest/2 127.0.0.1',
      'own',
    ]);
    expect(open.guest.asked).toEqual(['GET /guest/1', 'GET /guest/2']);
  });

  test('sends what guards, middleware and routers say of the response; interceptors leave it alone', async () => {
    const shown: number[] = [];
    await using open = await host((server, guest) =>
      server
        .setHeader('x-server', 'ours')
        .onResponse((response) => void shown.push(response.status))
        .use(async (_, next) => (await next()).header('x-middleware', 'ran'))
        .mount('/', new TestRouter().guest('/guest/*rest', guest, { rateLimit: { max: 9, windowSeconds: 60 } })),
    );
    await using client = await RawClient.open(open.port);
    const { headers, body } = await client.send(get('/guest/a')).response();
    expect([headers.get('x-server'), headers.get('x-middleware'), headers.get('x-guest'), body]).toEqual([
      'ours',
      'ran',
      'yes',
      'guest GET /guest/a 127.0.0.1',
    ]);
    expect(headers.get('ratelimit')).toContain('r=8');
    expect(shown).toEqual([]);
  });

  test('hears nothing of what guards and middleware refuse', async () => {
    await using open = await host((server, guest) =>
      server
        .use('/guest/private/*rest', () => HttpResponse.text('no', { status: 403 }))
        .mount('/', new TestRouter().guest('/guest/*rest', guest, { rateLimit: { max: 1, windowSeconds: 60 } })),
    );
    await using client = await RawClient.open(open.port);
    client.send(get('/guest/private/a') + get('/guest/b'));
    expect((await client.responses(2)).map(({ status }) => status)).toEqual([403, 429]);
    expect(open.guest.asked).toEqual([]);
  });

  test.each(['/guest/throws', '/guest/rejects'])(
    'that fails before it sent anything leaves the answer to the error handlers: %s',
    async (path) => {
      await using open = await host((server, guest) =>
        server
          .error((error) => HttpResponse.text(`handled ${error.status}`))
          .mount('/', new TestRouter().guest('/guest/*rest', guest)),
      );
      await using client = await RawClient.open(open.port);
      const [failed, next] = await client.send(get(path) + get('/own')).responses(2);
      expect([failed?.status, failed?.body, failed?.headers.get('x-guest'), next?.body]).toEqual([
        500,
        'handled 500',
        undefined,
        'own',
      ]);
    },
  );

  test('that fails in the middle has its connection cut, and is logged', async () => {
    await using open = await host();
    await using client = await RawClient.open(open.port);
    expect(await client.send(get('/guest/cut')).ended()).not.toContain('0\r\n\r\n');
    expect(open.log.at('error').map(({ message }) => message)).toEqual(['A response could not be sent.']);
  });

  test('learns that its client is gone', async () => {
    await using open = await host();
    const client = await RawClient.open(open.port);
    client.send(get('/guest/hold'));
    await expect.poll(() => open.guest.held.size).toBe(1);
    client.reset();
    await expect.poll(() => [open.guest.held.size, open.guest.signal?.aborted]).toEqual([0, true]);
  });

  test('does not wait for ever for a body', { timeout: 20_000 }, async () => {
    await using open = await host(undefined, { requestTimeoutMs: 100 });
    await using client = await RawClient.open(open.port);
    client.send('POST /guest/hold HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab');
    await client.ended();
    await expect.poll(() => open.guest.held.size).toBe(0);
  });

  test('may have a path once, and cannot be asked without a port', async () => {
    const guest = new StandInGuest();
    const { server } = portless((app) => app.mount('/', new TestRouter().guest('/guest/*rest', guest)));
    expect((await server.fetch('/guest/a')).status).toBe(501);
    expect(() => server.mount('/', new TestRouter().guest('/guest/*rest', guest))).toThrow(
      expect.objectContaining({ name: 'ConfigError' }),
    );
    expect(guest.asked).toEqual([]);
  });
});

describe('an upgrade that a guest takes', () => {
  test('is its own from the first byte, with what came behind the head', async () => {
    await using open = await host((server, guest) =>
      server.setHeader('x-server', 'ours').websocket(false).mount('/', new TestRouter().guest('/guest/*rest', guest)),
    );
    await using client = await RawClient.open(open.port);
    client.send(`${upgradeTo('/guest/up')}early`);
    await client.until(() => client.received.endsWith('early'), 'what came with the head');
    client.send(' and late');
    await client.until(() => client.received.endsWith('early and late'), 'what came behind');
    expect(client.received).toMatch(/^HTTP\/1\.1 101 [^]*\r\nx-server: ours\r\n/);
  });

  test('is a plain request where it does not speak the protocol', async () => {
    await using open = await host();
    await using client = await RawClient.open(open.port);
    client.send(get('/guest/a', 'connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABk'));
    expect((await client.response()).status).toBe(201);
  });

  test('is refused for its origin, for want of a seat, and by middleware, and the guest hears nothing of it', async () => {
    await using open = await host((server, guest) =>
      server
        .websocket({ maxChannels: 1 })
        .use('/guest/private', () => HttpResponse.text('no', { status: 403 }))
        .mount('/', new TestRouter().guest('/guest/*rest', guest)),
    );
    const ask = async (bytes: string): Promise<number> => {
      await using client = await RawClient.open(open.port);
      return (await client.send(bytes).response()).status;
    };
    expect(await ask(upgradeTo('/guest/a', 'origin: https://evil.example'))).toBe(403);
    expect(await ask(upgradeTo('/guest/private'))).toBe(403);
    await using first = await RawClient.open(open.port);
    await first.send(upgradeTo('/guest/one')).until(() => first.received.includes('101'), 'the 101');
    expect(await ask(upgradeTo('/guest/two'))).toBe(503);
    await first[Symbol.asyncDispose]();
    await expect.poll(() => open.guest.sockets.size).toBe(0);
    await using next = await RawClient.open(open.port);
    await next.send(upgradeTo('/guest/three')).until(() => next.received.includes('101'), 'the 101');
    expect(open.guest.asked).toEqual(['upgrade /guest/one', 'upgrade /guest/three']);
  });

  test('may come from pages that the guest lets in besides', async () => {
    await using open = await host((server, guest) => {
      const own = Object.assign(guest, { allowsOrigin: (origin: string) => origin === 'https://friend.example' });
      server.mount('/', new TestRouter().guest('/guest/*rest', own));
    });
    const ask = async (origin: string): Promise<string> => {
      await using client = await RawClient.open(open.port);
      client.send(upgradeTo('/guest/a', `origin: ${origin}`));
      await client.until(() => client.received.includes('\r\n\r\n'), 'a head');
      return client.received.slice(9, 12);
    };
    expect(await ask('https://friend.example')).toBe('101');
    expect(await ask('https://evil.example')).toBe('403');
  });

  test.each(['/guest/throws', '/guest/rejects'])('that fails is answered by the error handlers: %s', async (path) => {
    await using open = await host();
    await using client = await RawClient.open(open.port);
    expect((await client.send(upgradeTo(path)).response()).status).toBe(500);
    await client.ended();
  });

  test('that fails behind its 101 is cut', async () => {
    await using open = await host();
    await using client = await RawClient.open(open.port);
    expect(await client.send(upgradeTo('/guest/cut')).ended()).not.toContain(' 500 ');
  });
});

describe('a stop', () => {
  test('tells a guest, and lets it end what it holds', async () => {
    await using open = await host();
    await using held = await RawClient.open(open.port);
    held.send(get('/guest/hold'));
    await using raised = await RawClient.open(open.port);
    await raised.send(upgradeTo('/guest/up')).until(() => raised.received.includes('101'), 'the 101');
    await expect.poll(() => open.guest.held.size).toBe(1);
    const stopping = open.server.shutdown();
    const { body, headers } = await held.response();
    expect([body, headers.get('connection')]).toEqual(['the guest stops', 'close']);
    await raised.until(() => raised.received.endsWith('bye'), 'the word of the guest');
    raised.sendFin();
    expect(await stopping).toMatchObject({ drained: 2, forced: 0 });
  });

  test('cuts what a guest does not end', async () => {
    await using open = await host();
    open.guest.isStubborn = true;
    await using held = await RawClient.open(open.port);
    held.send(get('/guest/hold'));
    await using raised = await RawClient.open(open.port);
    await raised.send(upgradeTo('/guest/up')).until(() => raised.received.includes('101'), 'the 101');
    await expect.poll(() => open.guest.held.size).toBe(1);
    expect(await open.server.shutdown({ timeoutMs: 50 })).toMatchObject({ forced: 2 });
    await expect.poll(() => [open.guest.held.size, open.guest.sockets.size]).toEqual([0, 0]);
  });
});
