import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deferred } from '../../packages/portlight/test/support/deferred.ts';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { FrameClient, HANDSHAKE } from './frame-client.ts';
import { LANES } from './lanes.ts';
import { nginxForWebSockets } from './proxy-kinds.ts';
import { isSkipped, ProxyProcess } from './proxy-process.ts';
import { BINARY, CLOSE, closeBody, frame, PONG, TEXT } from './web-socket-frames.ts';

const READ_TIMEOUT_MS = 1_000;
const HEARTBEAT_MS = 100;

const NGINX = nginxForWebSockets(READ_TIMEOUT_MS);

describe.skipIf(isSkipped(NGINX)).each(LANES)('nginx before WebSockets on the lane $name', (lane) => {
  let open: OpenServer | undefined;
  let proxy: ProxyProcess | undefined;
  let closed = deferred<number>();
  beforeAll(async () => {
    open = await openServer(
      (server) =>
        server
          .websocket({ heartbeatMs: HEARTBEAT_MS, maxPayloadBytes: 4_000_000, maxBackpressureBytes: 16_000_000 })
          .get('/', () => 'page')
          .accept('/', {
            open: (channel) => channel.join('news'),
            message: (message, channel) => (message === 'who' ? channel.ip : message),
            close: (_channel, code) => closed.resolve(code),
          }),
      { ...lane.options, trustProxy: ['127.0.0.0/8'] },
    );
    proxy = await ProxyProcess.start(NGINX, open.port);
  });
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await open?.[Symbol.asyncDispose]();
  });
  const port = (): number => proxy?.port ?? 0;

  test('messages pass both ways, of every size, and what is published', async () => {
    await using client = await FrameClient.open(port(), '/', [`origin: http://test`]);
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 2_000_000];
    client.send(...sizes.map((size) => frame(BINARY, Buffer.alloc(size, 'x'))), frame(TEXT, 'who'));
    await client.until(() => client.reader.events.some(([kind]) => kind === 'text'), 'the last answer');
    expect(client.reader.events.filter(([kind]) => kind === 'binary').map(([, data]) => String(data).length)).toEqual(
      sizes,
    );
    expect(client.reader.events.find(([kind]) => kind === 'text')).toEqual(['text', '127.0.0.1']);
    await open?.server.publish('news', 'news');
    await client.until(() => client.reader.events.some(([, data]) => data === 'news'), 'what is published');
  });

  test('plain requests and refused handshakes go on as they were', async () => {
    expect(await (await fetch(`http://127.0.0.1:${port()}/`)).text()).toBe('page');
    await using client = await RawClient.open(port());
    expect((await client.send(get('/', ...HANDSHAKE, 'origin: https://evil.example')).response()).status).toBe(403);
  });

  test('a close passes both ways', async () => {
    closed = deferred();
    await using client = await FrameClient.open(port());
    await client.send(frame(CLOSE, closeBody(4_000, 'bye'))).ended({ isFirst: false });
    expect(client.reader.events.at(-1)?.slice(0, 2)).toEqual(['close', 4_000]);
    client.raw.sendFin();
    expect(await closed.promise).toBe(4_000);
  });

  test('a client that says nothing outlives the patience of the proxy, by the pings of the server', async () => {
    await using client = await FrameClient.open(port());
    let pongs = 0;
    const answer = (): void => {
      const pings = client.reader.events.filter(([kind]) => kind === 'ping').length;
      for (; pongs < pings; pongs++) client.send(frame(PONG));
    };
    client.raw.socket.on('data', answer);
    const startedAt = performance.now();
    // So many pings that the proxy would have given up between the first and the last.
    await client.until(
      () => client.raw.hasEnded || client.raw.isClosed || performance.now() - startedAt > 1.5 * READ_TIMEOUT_MS,
      'pings',
    );
    expect(client.raw.isClosed || client.raw.hasEnded).toBe(false);
    expect(pongs).toBeGreaterThan(3);
    const before = client.reader.events.length;
    client.send(frame(TEXT, 'still here'));
    await client.until(() => client.reader.events.slice(before).some(([, data]) => data === 'still here'), 'the echo');
  });
});
