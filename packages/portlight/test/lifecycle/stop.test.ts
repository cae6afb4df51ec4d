import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { openServer, portless } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

describe('shutdown', () => {
  test('before a start says that there was nothing to stop', async () => {
    expect(await new HttpServer().shutdown()).toEqual({ reason: 'shutdown', drained: 0, forced: 0, durationMs: 0 });
  });

  test('is one stop however often and whenever it is called', async () => {
    let hooks = 0;
    await using open = await openServer((app) => app.onShutdown(() => void hooks++));
    const first = open.server.shutdown();
    const second = open.server.shutdown();
    await new Promise(setImmediate);
    const third = open.server.shutdown();
    const [report, ...others] = await Promise.all([first, second, third]);
    expect(others).toEqual([report, report]);
    expect(await open.server.shutdown()).toEqual(report);
    expect(hooks).toBe(1);
  });

  test('during the start waits for it, and is still one stop', async () => {
    let hooks = 0;
    const server = new HttpServer('127.0.0.1', 0).onShutdown(() => void hooks++);
    const starting = server.start();
    const first = server.shutdown();
    await starting;
    const second = server.shutdown();
    expect(await first).toEqual(await second);
    expect([hooks, server.isConnected()]).toEqual([1, false]);
  });

  test('during a start that fails stops nothing', async () => {
    const server = new HttpServer('127.0.0.1', 0).onStart(() => {
      throw new Error('not ready');
    });
    const starting = server.start();
    const stopping = server.shutdown();
    await expect(starting).rejects.toThrow('not ready');
    expect(await stopping).toMatchObject({ drained: 0, forced: 0 });
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '10', null])(
    'refuses the time %s',
    async (timeoutMs) => {
      await using open = await openServer(() => undefined);
      await expect(open.server.shutdown({ timeoutMs: timeoutMs as number })).rejects.toMatchObject({
        name: 'ConfigError',
      });
      expect(open.server.isConnected()).toBe(true);
    },
  );

  test('within a handler answers the request that asked for it', async () => {
    const report = deferred<unknown>();
    await using open = await openServer((app) =>
      app.get('/', () => {
        void app.shutdown().then(report.resolve);
        return 'bye';
      }),
    );
    await using client = await RawClient.open(open.port);
    expect((await client.send(get('/')).response()).body).toBe('bye');
    await client.ended();
    expect(await report.promise).toMatchObject({ drained: 1, forced: 0 });
  });

  test('within hooks is the same stop', async () => {
    const reports: unknown[] = [];
    const server = new HttpServer('127.0.0.1', 0);
    server.onStart(() => void server.shutdown().then((report) => reports.push(report)));
    server.onShutdown(() => void server.shutdown().then((report) => reports.push(report)));
    await server.start();
    const report = await server.shutdown();
    await expect.poll(() => reports).toEqual([report, report]);
  });
});

describe('hooks of a stop', () => {
  test('run in their order when nothing is served any more, each although another failed', async () => {
    const trace: string[] = [];
    await using open = await openServer((app) => {
      const note = (name: string) => () => void trace.push(`${name} ${app.isConnected()}`);
      app
        .onShutdown(() => {
          throw new Error('broken');
        })
        .onShutdown(note('shutdown'))
        .onWorkerStop(note('worker'));
    });
    const report = await open.server.shutdown();
    expect(trace).toEqual(['worker false', 'shutdown false']);
    expect(report).toMatchObject({ forced: 1 });
    expect(open.log.at('error')).toHaveLength(1);
  });

  test('that never end do not hold the stop beyond its deadline', async () => {
    await using open = await openServer((app) => app.onShutdown(() => new Promise(() => {})));
    const report = await open.server.shutdown({ timeoutMs: 50 });
    expect(report.forced).toBe(1);
    expect(report.durationMs).toBeLessThan(4_000);
  });
});

describe('a disconnect handler that never ends', () => {
  const hang = (app: HttpServer): HttpServer => app.connect().disconnect(() => new Promise(() => {}));

  test('does not hold the stop beyond its deadline', async () => {
    await using open = await openServer(hang);
    await open.server.fetch('/connect');
    const report = await open.server.shutdown({ timeoutMs: 50 });
    expect(report.forced).toBe(1);
    expect(open.log.at('error').length).toBeGreaterThan(0);
  });

  test('does not do so either where nothing was started', async () => {
    const { server, log } = portless(hang);
    await server.fetch('/connect');
    await server.shutdown({ timeoutMs: 50 });
    expect(log.at('error').map(({ message }) => message)).toEqual([
      'The handlers of disconnects were not done in time for the stop.',
    ]);
  });
});

describe('run', () => {
  test('starts, resolves to the report after a shutdown, and takes its listeners off the process', async () => {
    const events = ['SIGINT', 'SIGTERM', 'uncaughtException', 'unhandledRejection'] as const;
    const counts = (): number[] => events.map((event) => process.listenerCount(event));
    const before = counts();
    const server = new HttpServer('127.0.0.1', 0);
    const started = deferred();
    server.onStart(() => started.resolve());
    const running = server.run({ drainTimeoutMs: 1_000 });
    await started.promise;
    expect(counts()).toEqual(before.map((count) => count + 1));
    const report = await server.shutdown();
    expect(await running).toEqual(report);
    expect(report.reason).toBe('shutdown');
    expect(counts()).toEqual(before);
  });

  test('leaves uncaught errors to the app where it is told so', async () => {
    const before = process.listenerCount('uncaughtException');
    const server = new HttpServer('127.0.0.1', 0, { onUncaught: 'ignore' });
    const running = server.run();
    expect(process.listenerCount('uncaughtException')).toBe(before);
    await server.start();
    await server.shutdown();
    await running;
  });

  test('rejects when it cannot start, and takes its listeners off the process', async () => {
    await using holder = await openServer(() => undefined);
    const before = process.listenerCount('SIGTERM');
    await expect(new HttpServer('127.0.0.1', holder.port).run()).rejects.toMatchObject({
      code: 'ERR_PORTLIGHT_PORT_IN_USE',
    });
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
