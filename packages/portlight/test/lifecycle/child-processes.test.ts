import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

describe('setMaxProcesses', () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1_025, '2', null, undefined])('refuses %s', (count) => {
    expect(() => new HttpServer().setMaxProcesses(count as number)).toThrow(
      expect.objectContaining({ name: 'ConfigError', code: 'ERR_PORTLIGHT_INVALID_OPTION' }) as Error,
    );
  });

  test.each([1, 1_024])('takes %i', (count) => {
    expect(() => new HttpServer().setMaxProcesses(count)).not.toThrow();
  });
});

describe('options of child processes', () => {
  test.each([
    { entry: '' },
    { entry: new URL('https://example.com/app.js') },
    { entry: 5 },
    { bootTimeoutMs: 99 },
    { unresponsiveTimeoutMs: 1_999 },
  ])('%o is refused', (options) => {
    expect(() => new HttpServer('127.0.0.1', 0, options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }) as Error,
    );
  });

  test.each([{ entry: './app.js' }, { entry: new URL('file:///app.js') }, { bootTimeoutMs: 100 }])(
    '%o is taken',
    (options) => {
      expect(() => new HttpServer('127.0.0.1', 0, options)).not.toThrow();
    },
  );
});

describe('the mode', () => {
  test('has to be known before the start', async () => {
    await using open = await openServer(() => undefined);
    await expect(open.server.run({ mode: 'workers' })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('has started') as string,
    });
  });

  test('with children, what cannot be served is refused before anything is started', async () => {
    const server = new HttpServer('127.0.0.1', 0).get('/connect', () => 'x').connectionRequired();
    server.onPrimary(() => expect.unreachable());
    await expect(server.run({ mode: 'workers' })).rejects.toMatchObject({ code: 'ERR_PORTLIGHT_DUPLICATE_ROUTE' });
    await expect(server.start()).rejects.toMatchObject({
      name: 'ConfigError',
      message: 'A server with child processes is started by run.',
    });
  });

  test('with children, a port in use is found before anything is started', async () => {
    await using holder = await openServer(() => undefined);
    const told: string[] = [];
    const server = new HttpServer('127.0.0.1', holder.port)
      .onPrimary(() => void told.push('onPrimary'))
      .onShutdown(() => void told.push('onShutdown'))
      .onStart(() => expect.unreachable());
    await expect(server.run({ mode: 'workers' })).rejects.toMatchObject({
      code: 'ERR_PORTLIGHT_PORT_IN_USE',
      port: holder.port,
      pid: process.pid,
    });
    expect(told).toEqual(['onPrimary', 'onShutdown']);
    expect([server.isConnected(), server.getSocket(), await server.workers()]).toEqual([false, undefined, []]);
  });
});

describe('workers', () => {
  test('lists this process where it is the only one, and nobody before the start', async () => {
    await using open = await openServer((server) => server.get('/', () => 'x'));
    await using client = await RawClient.open(open.port);
    for (let count = 1; count <= 3; count++) {
      client.send(get('/'));
      await client.responses(count);
    }
    const now = Date.now();
    const expected = {
      id: 1,
      pid: process.pid,
      state: 'ready',
      connections: 1,
      requests: 3,
      memoryBytes: expect.any(Number) as number,
      lagMs: expect.any(Number) as number,
      restarts: 0,
      startedAt: expect.closeTo(now, -5) as number,
    };
    expect(await open.server.workers()).toEqual([expected]);
    await client[Symbol.asyncDispose]();
    await expect.poll(async () => (await open.server.workers())[0]?.connections).toBe(0);
    expect((await open.server.workers())[0]?.requests).toBe(3);
    await open.server.shutdown();
    expect(await open.server.workers()).toEqual([]);
  });
});
