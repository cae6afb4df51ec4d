import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FinishedExchange, HttpServer } from 'portlight';
import type { Server } from 'socket.io';
import { describe, expect, test } from 'vitest';
import { WebSocketClient } from '../../portlight/test/support/web-socket-client.ts';
import { requestOf } from '../src/index.ts';
import { type Answer, connected, openIo, transportOf } from './support/open-io.ts';

const HANDSHAKE = '/socket.io/?EIO=4&transport=polling';

describe.each(['fast', 'http'] as const)('on the lane %s, Socket.IO', (lane) => {
  test('lives beside channels, event streams, files and routes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'socket-io-'));
    await writeFile(join(folder, 'page.txt'), 'a file');
    await using open = await openIo(
      (io, server) => {
        io.on('connection', (socket) => socket.on('echo', (value, answer: Answer) => answer(value)));
        server
          .get('/', () => 'a route')
          .get('/socket.io-not', () => 'another')
          .accept('/ws', (message) => message)
          .events('/events', (stream) => void stream.send({ data: 'hello' }))
          .files('/', folder);
      },
      { lane },
    );
    const { url } = open;
    const socket = await open.connect();
    expect(await (await fetch(url)).text()).toBe('a route');
    expect(await (await fetch(`${url}/socket.io-not`)).text()).toBe('another');
    expect(await (await fetch(`${url}/page.txt`)).text()).toBe('a file');
    const events = await fetch(`${url}/events`, { headers: { accept: 'text/event-stream' } });
    expect(events.status).toBe(200);
    await events.body?.cancel();
    await using channel = await WebSocketClient.open(open.port, '/ws');
    const echo = new Promise((resolve) => channel.websocket.once('message', (data: Buffer) => resolve(String(data))));
    channel.websocket.send('hello');
    expect(await echo).toBe('hello');
    expect(await socket.emitWithAck('echo', 1)).toBe(1);
    await rm(folder, { recursive: true });
  });

  test('serves the files of its client, and not those that there are none of', async () => {
    await using open = await openIo(undefined, { lane, io: { cors: { origin: 'https://app.example' } } });
    const names = ['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js', 'socket.io.msgpack.min.js.map'];
    for (const name of names) {
      const response = await fetch(`${open.url}/socket.io/${name}`, { headers: { origin: 'https://app.example' } });
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([
        200,
        'https://app.example',
      ]);
      const etag = response.headers.get('etag') ?? '';
      expect((await response.text()).length).toBeGreaterThan(10_000);
      const again = await fetch(`${open.url}/socket.io/${name}`, { headers: { 'if-none-match': etag } });
      expect(again.status).toBe(304);
    }
    for (const name of ['socket.io.esm.js', '../package.json', '..%2fpackage.json', 'socket.io.js/x', 'nothing'])
      expect((await fetch(`${open.url}/socket.io/${name}`)).status).not.toBe(200);
  });

  test('serves none of them where it shall not', async () => {
    await using open = await openIo(undefined, { lane, io: { serveClient: false } });
    expect((await fetch(`${open.url}/socket.io/socket.io.js`)).status).toBe(400);
  });

  test('answers pages of other origins as its option cors says, upgrades too', async () => {
    await using open = await openIo(undefined, {
      lane,
      io: { cors: { origin: ['https://app.example', /\.app\.example$/], credentials: true } },
    });
    const ask = async (origin: string): Promise<string | null> =>
      (await fetch(open.url + HANDSHAKE, { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await ask('https://app.example')).toBe('https://app.example');
    expect(await ask('https://x.app.example')).toBe('https://x.app.example');
    expect(await ask('https://evil.example')).toBe(null);
    const preflight = await fetch(open.url + HANDSHAKE, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-credentials')]).toEqual([204, 'true']);
    const by = (origin: string) => ({ transports: ['websocket'], extraHeaders: { origin } });
    expect(transportOf(await open.connect(by('https://x.app.example')))).toBe('websocket');
    expect(transportOf(await open.connect(by(open.url)))).toBe('websocket');
    await expect(open.connect(by('https://evil.example'))).rejects.toThrow('websocket error');
  });

  test('is behind the guards of the server: origins, limits, connected clients', async () => {
    const asked: string[] = [];
    const by = (register: (io: Server, server: HttpServer) => unknown) =>
      openIo(
        (io, server) => {
          io.on('connection', () => asked.push('connection'));
          register(io, server);
        },
        { lane },
      );
    await using limited = await by((_, server) => server.setRateLimit(1, 60));
    const first = await fetch(limited.url + HANDSHAKE);
    expect([first.status, first.headers.get('ratelimit')]).toEqual([200, '"default";r=0;t=60']);
    const second = await fetch(limited.url + HANDSHAKE);
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '60']);
    await expect(limited.connect({ transports: ['websocket'] })).rejects.toThrow('websocket error');
    await using required = await by((_, server) => server.connectionRequired());
    expect(await (await fetch(required.url + HANDSHAKE)).json()).toMatchObject({
      status: 403,
      code: 'ERR_PORTLIGHT_CONNECTION_REQUIRED',
    });
    const single = { transports: ['websocket'], reconnection: false };
    await expect(required.connect(single)).rejects.toThrow('websocket error');
    await using own = await by((_, server) => server.websocket({ origins: ['https://only.example'] }));
    const foreign = { transports: ['websocket'], extraHeaders: { origin: 'https://other.example' } };
    await expect(own.connect(foreign)).rejects.toThrow('websocket error');
    expect(asked).toEqual([]);
    await fetch(`${required.url}/connect`);
    await required.connect();
    expect(asked).toEqual(['connection']);
  });

  test('takes the options of a route', async () => {
    await using open = await openIo(
      (_, server) =>
        server
          .setRateLimit(2, 60)
          .connectionRequired()
          .get('/', () => 'a route'),
      {
        lane,
        io: {
          route: {
            rateLimit: { max: 1_000, windowSeconds: 60 },
            connectionRequired: false,
            use: [async (_, pass) => (await pass()).header('x-own', 'yes')],
          },
        },
      },
    );
    const response = await fetch(open.url + HANDSHAKE);
    expect([response.status, response.headers.get('x-own')]).toEqual([200, 'yes']);
    expect(response.headers.get('ratelimit')).toContain('r=999');
    await open.connect();
    expect((await fetch(open.url)).status).toBe(403);
  });

  test.each([
    ['polls', 'handshakes'],
    ['handshakes', 'polls'],
  ] as const)('has one limit for %s and %s', async (...kinds) => {
    const max = 5;
    await using open = await openIo(undefined, { lane, io: { route: { rateLimit: { max, windowSeconds: 60 } } } });
    const ask = {
      polls: async () => (await fetch(open.url + HANDSHAKE)).status,
      handshakes: async () => {
        const socket = open.client({ transports: ['websocket'], reconnection: false });
        return connected(socket).then(
          () => 200,
          () => 429,
        );
      },
    };
    const statuses: number[] = [];
    for (const kind of kinds) for (let times = 0; times < max; times++) statuses.push(await ask[kind]());
    expect(statuses).toEqual([...Array<number>(max).fill(200), ...Array<number>(max).fill(429)]);
  });

  test('has the fields of the server on polls and upgrades, and shows the request to handlers', async () => {
    const seen: unknown[] = [];
    await using open = await openIo(
      (io, server) => {
        server.setHeader('x-server', 'ours').use('/socket.io/', (request, pass) => {
          Object.assign(request.state, { user: request.header('x-user') });
          return pass().then((response) => response.cookie('a', '1').cookie('b', '2'));
        });
        io.on('connection', (socket) => {
          const { ip, state } = requestOf(socket);
          seen.push({ ip, ...state });
        });
      },
      { lane, trustProxy: ['127.0.0.0/8'] },
    );
    const extraHeaders = { 'x-user': 'ada', 'x-forwarded-for': '203.0.113.7' };
    expect((await fetch(open.url + HANDSHAKE)).headers.get('x-server')).toBe('ours');
    await open.connect({ extraHeaders, transports: ['polling'] });
    await open.connect({ extraHeaders, transports: ['websocket'] });
    expect(seen).toEqual([
      { ip: '203.0.113.7', user: 'ada' },
      { ip: '203.0.113.7', user: 'ada' },
    ]);
    await using upgraded = new WebSocketClient(open.port, '/socket.io/?EIO=4&transport=websocket');
    const [answer] = (await once(upgraded.websocket, 'upgrade')) as [IncomingMessage];
    expect(answer.headers).toMatchObject({ 'x-server': 'ours', 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'] });
  });

  test('is a row for observers: a poll when it is answered, a WebSocket when it closes', async () => {
    const rows: string[] = [];
    await using open = await openIo(
      (_, server) =>
        server.onFinish(({ kind, method, route, status }: FinishedExchange) =>
          rows.push(`${kind} ${method} ${route} ${status}`),
        ),
      { lane },
    );
    expect((await fetch(`${open.url}/socket.io/?EIO=4&transport=none`)).status).toBe(400);
    await expect.poll(() => rows).toEqual(['http GET /socket.io{/*rest} 400']);
    const socket = await open.connect({ transports: ['websocket'] });
    expect(rows).toHaveLength(1);
    socket.disconnect();
    await expect.poll(() => rows[1]).toBe('websocket GET /socket.io{/*rest} 101');
  });

  test('refuses who begins while it stops, and tells who waits in its middleware', async () => {
    let isHeld = false;
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await using open = await openIo(
      (io) =>
        io.engine.use((_: unknown, __: unknown, pass: () => void) => {
          isHeld = true;
          void held.then(pass);
        }),
      { lane },
    );
    const answer = fetch(open.url + HANDSHAKE).then(({ status }) => status);
    await expect.poll(() => isHeld).toBe(true);
    const stopping = open.server.shutdown({ timeoutMs: 5_000 });
    release();
    expect(await answer).toBe(200);
    expect(await stopping).toMatchObject({ forced: 0 });
    expect(open.io.engine.clientsCount).toBe(0);
  });
});
