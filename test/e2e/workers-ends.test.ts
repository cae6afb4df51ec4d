import { createServer } from 'node:net';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { App } from './promises/app.ts';
import { runFixture } from './run-program.ts';
import { childrenOf, IS_LONG, isAlive, WORKERS } from './workers/children.ts';

describe('the end of an app with children', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('by %s to the whole group is in order', async (signal) => {
    await using app = await App.start(WORKERS);
    const idle = await Promise.all(Array.from({ length: 12 }, () => RawClient.open(app.port)));
    for (const client of idle) await client.send(get('/ping')).response();
    const websockets = await Promise.all(Array.from({ length: 12 }, () => WebSocketClient.open(app.port, '/echo')));
    const feeds = await Promise.all(Array.from({ length: 12 }, () => EventClient.open(app.port, '/feed/news')));
    const busy = await Promise.all(Array.from({ length: 4 }, () => RawClient.open(app.port)));
    for (const client of busy) client.send(get('/until-draining'));
    await app.program.said(/(at work[^]*){4}/);
    app.program.killGroup(signal);
    for (const client of busy) expect((await client.response()).body).toBe('done');
    for (const client of idle) expect(await client.ended()).toMatch(/PONG$/);
    for (const client of websockets) expect((await client.end()).code).toBe(1001);
    for (const client of feeds) expect(await client.end()).toBe('end');
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
    expect(app.lines(`after run ${app.program.process.pid} `)).toEqual([
      `after run ${app.program.process.pid} ${signal} drained 40, forced 0`,
    ]);
    expect(app.lines('hook shutdown')).toHaveLength(1);
    expect(app.lines('hook worker-stop')).toHaveLength(4);
  });

  test('cuts a client that never reads at the deadline, and counts it', async () => {
    await using app = await App.start(WORKERS, { options: { drainTimeoutMs: 500 } });
    await using client = await RawClient.open(app.port);
    client.socket.pause();
    client.send(get('/lines/10000000'));
    await using other = await RawClient.open(app.port);
    await other.send(get('/ping')).response();
    app.program.kill('SIGTERM');
    expect(await app.program.exit).toEqual({ code: 1, signal: null });
    expect(app.lines(`after run ${app.program.process.pid} `)).toEqual([
      `after run ${app.program.process.pid} SIGTERM drained 1, forced 1`,
    ]);
    client.socket.resume();
  });

  test('forces a child that is blocked at the deadline', async () => {
    await using app = await App.start(WORKERS, { options: { drainTimeoutMs: 500 } });
    const blocked = app.ask('/block/3600000').catch(() => 'cut');
    await app.program.said('blocked');
    app.program.kill('SIGTERM');
    const killedAt = performance.now();
    expect(await app.program.exit).toEqual({ code: 1, signal: null });
    if (IS_LONG) expect(performance.now() - killedAt).toBeLessThan(700);
    expect(await blocked).toBe('cut');
  });

  test.each([false, true])(
    'by a primary that is killed leaves no child (one of them blocked: %s)',
    async (isBlocked) => {
      await using app = await App.start(WORKERS);
      await using websocket = await WebSocketClient.open(app.port, '/echo');
      if (isBlocked) {
        void app.ask('/block/3600000').catch(() => {});
        await app.program.said('blocked');
      }
      app.program.kill('SIGKILL');
      const killedAt = performance.now();
      // Their output ends with the last of them, a moment before that itself.
      expect(await app.program.exit).toEqual({ code: null, signal: 'SIGKILL' });
      if (IS_LONG) expect(performance.now() - killedAt).toBeLessThan(2_000);
      while (childrenOf(app).some(isAlive)) await setImmediate();
      const { code } = await websocket.end();
      expect([1001, 1006]).toContain(code);
      const taker = createServer().listen(app.port, '127.0.0.1');
      await once(taker, 'listening');
      taker.close();
    },
  );

  test('a crowd on WebSockets hears what is published, and is told of the stop', { timeout: 300_000 }, async () => {
    const count = IS_LONG ? 10_000 : 400;
    const options = {
      maxConnections: 20_000,
      maxConnectionsPerIp: 20_000,
      websocket: { maxChannels: 20_000, maxChannelsPerIp: 20_000 },
    };
    await using app = await App.start(WORKERS, { options });
    const clients: WebSocketClient[] = [];
    while (clients.length < count)
      clients.push(
        ...(await Promise.all(
          Array.from({ length: 100 }, async () => {
            const client = await WebSocketClient.open(app.port, '/orders');
            client.send('{"answer":1,"order":"join","args":["crowd"]}');
            await client.messages(1);
            return client;
          }),
        )),
      );
    const body = JSON.stringify({ data: 'to all' });
    expect((await app.ask('/publish/crowd', { body })).json).toEqual({ subscribers: count });
    for (const client of clients) expect((await client.messages(2))[1]).toBe('to all');
    app.program.kill('SIGTERM');
    for (const client of clients) expect((await client.end()).code).toBe(1001);
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
    expect(app.lines(`after run ${app.program.process.pid} `)).toEqual([
      `after run ${app.program.process.pid} SIGTERM drained ${count}, forced 0`,
    ]);
  });
});

describe('an app with children that cannot start', () => {
  test('says where a child failed, and leaves none', async () => {
    await using program = runFixture('broken-child', '{"fails":true}');
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.errors).toContain('broken for the test');
    expect(program.errors).toMatch(/at .*broken-child\.mjs:\d+/);
    expect(program.output).not.toContain('listening');
  });

  test('says that its server is another one in a child, where it could share nothing', async () => {
    await using program = runFixture('broken-child', '{"isShort":true}');
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.errors).toMatch(/ConfigError.*in the same order in each process/);
    expect(program.output).not.toContain('listening');
  });

  test('says that a child said nothing in time, and leaves none', async () => {
    await using program = runFixture('broken-child', '{"fails":false}');
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.errors).toContain('bootTimeoutMs');
    expect(program.output).not.toContain('listening');
  });
});
