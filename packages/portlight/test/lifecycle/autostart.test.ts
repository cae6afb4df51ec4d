import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { openServer } from '../support/open-server.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const onNextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('autostart', () => {
  test('listens on the next turn, with the routes of this one, and not before', async () => {
    const server = new HttpServer('127.0.0.1', 0, { autostart: true });
    expect(server.isConnected()).toBe(false);
    server.get('/', () => 'x');
    await expect.poll(() => server.isConnected()).toBe(true);
    expect(await (await fetch(`http://127.0.0.1:${server.getAddress().port}/`)).text()).toBe('x');
    expect(() => server.get('/late', () => 'x')).toThrow(expect.objectContaining({ name: 'ConfigError' }));
    await server.shutdown();
    expect(server.isConnected()).toBe(false);
  });

  test('is the start that start() waits for, before or after', async () => {
    let starts = 0;
    const server = new HttpServer('127.0.0.1', 0, { autostart: true }).onStart(() => void starts++);
    expect(await server.start()).toBe(server);
    await onNextTurn();
    expect(await server.start()).toBe(server);
    expect([starts, server.isConnected()]).toEqual([1, true]);
    await server.shutdown();
  });

  test('is the start of run()', async () => {
    const server = new HttpServer('127.0.0.1', 0, { autostart: true });
    await onNextTurn();
    const running = server.run();
    await expect.poll(() => server.isConnected()).toBe(true);
    await server.shutdown();
    expect(await running).toMatchObject({ reason: 'shutdown' });
  });

  test('of a server that is stopped in the same turn leaves nothing listening', async () => {
    const server = new HttpServer('127.0.0.1', 0, { autostart: true });
    await server.shutdown();
    await onNextTurn();
    await onNextTurn();
    expect(server.isConnected()).toBe(false);
  });

  test('starts no server twice that was started and stopped by hand', async () => {
    const server = new HttpServer('127.0.0.1', 0, { autostart: true });
    const starting = server.start();
    await starting;
    await server.shutdown();
    await onNextTurn();
    await onNextTurn();
    expect(server.isConnected()).toBe(false);
  });

  test.each(['true', 1, null, {}])('of %s is refused', (autostart) => {
    expect(() => new HttpServer('127.0.0.1', 0, { autostart: autostart as boolean })).toThrow(
      expect.objectContaining({ name: 'ConfigError' }),
    );
  });

  test.each([true, false])('as third argument itself (%s) is refused', (autostart) => {
    expect(() => new HttpServer('127.0.0.1', 0, autostart as never)).toThrow(
      expect.objectContaining({ name: 'ConfigError' }),
    );
  });
});

describe('an automatic start that fails', () => {
  /** A server on a port that another one has, after its start failed. */
  async function failed(port: number, log: RecordingLogger): Promise<HttpServer> {
    const server = new HttpServer('127.0.0.1', port, { autostart: true }).debug(log);
    await onNextTurn();
    await onNextTurn();
    return server;
  }

  test('is the rejection of the next start(), once', async () => {
    const log = new RecordingLogger();
    await using holder = await openServer(() => undefined);
    const server = await failed(holder.port, log);
    await expect(server.start()).rejects.toMatchObject({ name: 'PortInUseError', port: holder.port });
    await holder.server.shutdown();
    await server.start();
    expect(server.isConnected()).toBe(true);
    await server.shutdown();
    expect(log.at('error')).toEqual([]);
  });

  test('is the rejection of run(), which leaves no signal handlers', async () => {
    const log = new RecordingLogger();
    await using holder = await openServer(() => undefined);
    const before = process.listenerCount('SIGTERM');
    await expect((await failed(holder.port, log)).run()).rejects.toMatchObject({ name: 'PortInUseError' });
    expect(process.listenerCount('SIGTERM')).toBe(before);
    expect(log.at('error')).toEqual([]);
  });

  test('is reported once when neither comes, and is no unhandled rejection', async () => {
    const log = new RecordingLogger();
    const unhandled = vi.fn<() => void>();
    process.on('unhandledRejection', unhandled);
    await using holder = await openServer(() => undefined);
    await failed(holder.port, log);
    await expect.poll(() => log.at('error').length, { timeout: 10_000 }).toBe(1);
    expect(log.at('error')[0]?.fields['err']).toMatchObject({ name: 'PortInUseError', port: holder.port });
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('may be tried again after it was reported', async () => {
    const log = new RecordingLogger();
    await using holder = await openServer(() => undefined);
    const server = await failed(holder.port, log);
    await expect.poll(() => log.at('error').length, { timeout: 10_000 }).toBe(1);
    await holder.server.shutdown();
    expect(await server.start()).toBe(server);
    await server.shutdown();
  });

  test('by a hook is told in the same way', async () => {
    const log = new RecordingLogger();
    const server = new HttpServer('127.0.0.1', 0, { autostart: true }).debug(log).onStart(() => {
      throw new Error('not ready');
    });
    await onNextTurn();
    await expect(server.start()).rejects.toThrow('not ready');
    expect([server.isConnected(), log.at('error')]).toEqual([false, []]);
  });
});

test('a server without autostart starts by nothing but a call', async () => {
  const server = new HttpServer('127.0.0.1', 0).get('/', () => 'x');
  await onNextTurn();
  await onNextTurn();
  expect(server.isConnected()).toBe(false);
  await server.start();
  const socket = server.getSocket();
  const closed = once(socket as NonNullable<typeof socket>, 'close');
  await server.shutdown();
  await closed;
  expect(server.getSocket()).toBe(undefined);
});
