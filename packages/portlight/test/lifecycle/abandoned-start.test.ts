import { lookup } from 'node:dns/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { type Deferred, deferred } from '../support/deferred.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

vi.mock('node:dns/promises', async (original) => {
  const dns = await original<typeof import('node:dns/promises')>();
  return { ...dns, lookup: vi.fn<typeof dns.lookup>(dns.lookup) };
});

const ABANDONED = { name: 'AbortError', code: 'ERR_PORTLIGHT_START_ABANDONED' };
/** What a promise rejects with. */
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );

/** A server whose start waits, and what ends the wait. */
interface Hanging {
  readonly server: HttpServer;
  readonly log: RecordingLogger;
  /** Resolves when the start waits. */
  readonly waits: Promise<void>;
  readonly gate: Deferred<void>;
  /** What ran of the start, in order. */
  readonly trace: string[];
}

const HOOKS = ['onPrimary', 'onWorkerStart', 'onStart'] as const;

function hangIn(place: (typeof HOOKS)[number] | 'lookup', options: { autostart?: boolean } = {}): Hanging {
  const log = new RecordingLogger();
  const [reached, gate] = [deferred(), deferred()];
  const trace: string[] = [];
  let isFirst = true;
  const server = new HttpServer(place === 'lookup' ? 'localhost' : '127.0.0.1', 0, options)
    .debug(log)
    .get('/', () => 'served');
  const waitOnce = async (): Promise<void> => {
    if (!isFirst) return;
    isFirst = false;
    reached.resolve();
    await gate.promise;
  };
  for (const hook of HOOKS) {
    server[hook](() => void trace.push(hook));
    if (hook === place) server[hook](waitOnce);
    server[hook](() => void trace.push(`${hook} again`));
  }
  const resolveName = async (): Promise<unknown> => {
    await waitOnce();
    return { address: '127.0.0.1', family: 4 };
  };
  if (place === 'lookup') vi.mocked(lookup).mockImplementation(resolveName as never);
  return { server, log, waits: reached.promise, gate, trace };
}

/** Lets everything run that is due. */
async function turn(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve));
}

afterEach(() => vi.mocked(lookup).mockReset());

describe.each([...HOOKS, 'lookup'] as const)('a start that waits in %s', (place) => {
  test('is given up by a stop whose time is over, and goes no further when the wait ends', async () => {
    const { server, log, waits, gate, trace } = hangIn(place);
    const failure = failureOf(server.start());
    await waits;
    const ran = [...trace];
    const before = performance.now();
    const report = await server.shutdown({ timeoutMs: 50 });
    const tookMs = performance.now() - before;
    expect(report).toMatchObject({ reason: 'shutdown', drained: 0, forced: 1 });
    expect(report.durationMs).toBeGreaterThanOrEqual(49);
    expect(report.durationMs).toBeLessThanOrEqual(Math.ceil(tookMs));
    expect(await failure).toMatchObject(ABANDONED);
    expect([server.isConnected(), server.getSocket()]).toEqual([false, undefined]);
    gate.resolve();
    await turn();
    expect([server.isConnected(), server.getAddress().port, trace]).toEqual([false, 0, ran]);
    expect(log.at('error').map(({ message }) => message)).toEqual([
      `The start was not done in time for the stop and is given up; it waits for ${place === 'lookup' ? 'the port' : `a hook of ${place}`}.`,
    ]);
  });

  test.each(['before', 'after'])('and a later start serves, %s the wait ends', async (when) => {
    const { server, waits, gate } = hangIn(place);
    const failure = failureOf(server.start());
    await waits;
    await server.shutdown({ timeoutMs: 0 });
    if (when === 'after') gate.resolve();
    expect(await failure).toMatchObject(ABANDONED);
    await server.start();
    const { port } = server.getAddress();
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('served');
    gate.resolve();
    await turn();
    expect(server.getAddress().port).toBe(port);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('served');
    expect(await server.shutdown()).toMatchObject({ forced: 0 });
    expect(server.isConnected()).toBe(false);
  });

  test('is given up once, however many stops ask', async () => {
    const { server, waits } = hangIn(place);
    const failure = failureOf(server.start());
    await waits;
    const [first, second] = await Promise.all([
      server.shutdown({ timeoutMs: 20 }),
      server.shutdown({ timeoutMs: 5_000 }),
    ]);
    expect(await failure).toMatchObject(ABANDONED);
    expect(second).toBe(first);
    expect(await server.shutdown()).toBe(first);
  });

  test('and a start at once after the stop waits for it, and serves', async () => {
    const { server, waits } = hangIn(place);
    const failure = failureOf(server.start());
    await waits;
    const stopping = server.shutdown({ timeoutMs: 20 });
    const again = server.start();
    expect(await failure).toMatchObject(ABANDONED);
    expect(await stopping).toMatchObject({ forced: 1 });
    await again;
    expect(server.isConnected()).toBe(true);
    await server.shutdown();
  });

  test('that began by itself is not the failure of the next one', async () => {
    const { server, log, waits } = hangIn(place, { autostart: true });
    await waits;
    expect(await server.shutdown({ timeoutMs: 20 })).toMatchObject({ forced: 1 });
    await server.start();
    expect(server.isConnected()).toBe(true);
    await server.shutdown();
    expect(log.at('error')).toHaveLength(1);
  });

  test('ends run() with the report', async () => {
    const { server, waits, gate } = hangIn(place);
    const listeners = process.listenerCount('SIGTERM');
    const running = server.run({ drainTimeoutMs: 20 });
    await waits;
    const report = await server.shutdown();
    expect(await running).toBe(report);
    expect(report).toMatchObject({ forced: 1 });
    expect(process.listenerCount('SIGTERM')).toBe(listeners);
    gate.resolve();
    await turn();
    expect(server.isConnected()).toBe(false);
  });

  test('that fails after it was given up is told in the log, and is no unhandled rejection', async () => {
    const unhandled = vi.fn<() => void>();
    process.on('unhandledRejection', unhandled);
    const { server, log, waits, gate } = hangIn(place);
    const failure = failureOf(server.start());
    await waits;
    await server.shutdown({ timeoutMs: 0 });
    expect(await failure).toMatchObject(ABANDONED);
    gate.reject(new Error('too late'));
    await turn();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    // A name that has no address is of no interest to anyone by then.
    expect(log.at('error')).toHaveLength(place === 'lookup' ? 1 : 2);
  });
});

test('a start that waits for a stop is given up as well', async () => {
  const [gate, log] = [deferred(), new RecordingLogger()];
  const server = new HttpServer('127.0.0.1', 0).debug(log).onShutdown(() => gate.promise);
  await server.start();
  const stopping = server.shutdown();
  const failure = failureOf(server.start());
  const report = await server.shutdown({ timeoutMs: 20 });
  expect(await failure).toMatchObject(ABANDONED);
  expect(report).toMatchObject({ drained: 0, forced: 1 });
  expect(log.at('error').map(({ message }) => message)).toEqual([expect.stringContaining('for the stop before it.')]);
  gate.resolve();
  expect(await stopping).toMatchObject({ forced: 0 });
  await turn();
  expect(server.isConnected()).toBe(false);
});

test('a client that is served while onStart waits is told when the start is given up', async () => {
  const { server, waits } = hangIn('onStart');
  const failure = failureOf(server.start());
  await waits;
  expect(await (await fetch(`http://127.0.0.1:${server.getAddress().port}/`)).text()).toBe('served');
  expect(await server.shutdown({ timeoutMs: 30 })).toMatchObject({ forced: 1 });
  expect(await failure).toMatchObject(ABANDONED);
});

test('a hook that waits for the stop it is stopped by does not keep it', async () => {
  const server = new HttpServer('127.0.0.1', 0).debug(false);
  server.onStart(async () => void (await server.shutdown({ timeoutMs: 20 })));
  await expect(server.start()).rejects.toMatchObject(ABANDONED);
  expect(await server.shutdown()).toMatchObject({ forced: 1 });
  expect(server.isConnected()).toBe(false);
});
