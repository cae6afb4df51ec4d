import { createServer, Server } from 'node:net';
import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { backplaneWith } from '../support/backplane-with.ts';
import { deferred } from '../support/deferred.ts';
import { failureOf } from '../support/failure-of.ts';
import { openServer } from '../support/open-server.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const onFreePort = (): HttpServer => new HttpServer('127.0.0.1', 0).get('/', () => 'x');

describe('start', () => {
  test('resolves to the server when it listens', async () => {
    const server = onFreePort();
    expect([server.isConnected(), server.getSocket(), server.getAddress()]).toEqual([
      false,
      undefined,
      { address: '127.0.0.1', port: 0 },
    ]);
    expect(await server.start()).toBe(server);
    const { port } = server.getAddress();
    expect(port).toBeGreaterThan(0);
    expect(server.isConnected()).toBe(true);
    expect(server.getSocket()).toBeInstanceOf(Server);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('x');
    await server.shutdown();
    expect([server.isConnected(), server.getSocket(), server.getAddress()]).toEqual([
      false,
      undefined,
      { address: '127.0.0.1', port: 0 },
    ]);
  });

  test('is one start however often it is called', async () => {
    let starts = 0;
    const server = onFreePort().onStart(() => void starts++);
    const [first, second] = [server.start(), server.start()];
    await Promise.all([first, second]);
    const { port } = server.getAddress();
    await server.start();
    expect([starts, server.getAddress().port]).toEqual([1, port]);
    await server.shutdown();
  });

  test('rejects when the port is in use, naming it, and may be tried again', async () => {
    await using holder = await openServer(() => undefined);
    const server = new HttpServer('127.0.0.1', holder.port);
    const refusal = {
      name: 'PortInUseError',
      code: 'ERR_PORTLIGHT_PORT_IN_USE',
      port: holder.port,
      address: '127.0.0.1',
      message: expect.stringContaining(String(holder.port)) as string,
    };
    await expect(server.start()).rejects.toMatchObject(refusal);
    await expect(server.start()).rejects.toMatchObject(refusal);
    expect(server.isConnected()).toBe(false);
    server.get('/still-open', () => 'x');
    await holder.server.shutdown();
    await server.start();
    expect(server.isConnected()).toBe(true);
    await server.shutdown();
  });

  test.each(['192.0.2.1', 'none.invalid'])('rejects when %s is no address of this machine', async (address) => {
    await expect(new HttpServer(address, 0).start()).rejects.toMatchObject({
      name: 'AddressNotFoundError',
      code: 'ERR_PORTLIGHT_ADDRESS_NOT_FOUND',
    });
  });

  test('on two servers of which one has the port: exactly one wins', async () => {
    const probe = await onFreePort().start();
    const { port } = probe.getAddress();
    await probe.shutdown();
    const both = [new HttpServer('127.0.0.1', port), new HttpServer('127.0.0.1', port)];
    const results = await Promise.allSettled(both.map((server) => server.start()));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await Promise.all(both.map((server) => server.shutdown()));
  });

  test('after a stop, fifty times on one port, leaves no listeners behind', async () => {
    const server = onFreePort();
    await server.start();
    const before = process.eventNames().map((name) => [name, process.listenerCount(name)]);
    for (let round = 0; round < 50; round++) {
      await server.start();
      expect((await fetch(`http://127.0.0.1:${server.getAddress().port}/`)).status).toBe(200);
      await server.shutdown();
    }
    expect(process.eventNames().map((name) => [name, process.listenerCount(name)])).toEqual(before);
    expect(server.isConnected()).toBe(false);
  });

  test('during a stop waits for it and then starts', async () => {
    const server = await onFreePort().start();
    const stopping = server.shutdown();
    await server.start();
    expect(server.isConnected()).toBe(true);
    expect(await stopping).toMatchObject({ reason: 'shutdown' });
    expect(server.isConnected()).toBe(true);
    await server.shutdown();
  });
});

describe('hooks of the start', () => {
  test('run in their order, the server listening for onStart alone', async () => {
    const trace: string[] = [];
    const server = onFreePort();
    const note = (name: string) => async (): Promise<void> => {
      await Promise.resolve();
      trace.push(`${name} ${server.isConnected()} ${server.getAddress().port > 0}`);
    };
    server.onStart(note('start 1')).onStart(note('start 2')).onWorkerStart(note('worker')).onPrimary(note('primary'));
    await server.start();
    expect(trace).toEqual(['primary false false', 'worker false false', 'start 1 true true', 'start 2 true true']);
    await server.shutdown();
  });

  test.each(['onPrimary', 'onWorkerStart', 'onStart'] as const)(
    'fail the start when %s fails, and leave nothing listening',
    async (hook) => {
      let fails = true;
      let port = 0;
      const server = onFreePort();
      server[hook](() => {
        ({ port } = server.getAddress());
        if (fails) throw new Error('not ready');
      });
      await expect(server.start()).rejects.toThrow('not ready');
      expect(server.isConnected()).toBe(false);
      if (port > 0) expect(await server.isPortFree(port)).toBe(true);
      fails = false;
      await server.start();
      expect(server.isConnected()).toBe(true);
      await server.shutdown();
    },
  );
});

describe('a start that fails', () => {
  const POINTS = ['onPrimary', 'onWorkerStart', 'onStart', 'onWorkerStop', 'onShutdown'] as const;

  /** A server that notes which of its hooks run. */
  function tracing(port = 0): { readonly server: HttpServer; readonly log: RecordingLogger; readonly trace: string[] } {
    const [log, trace]: [RecordingLogger, string[]] = [new RecordingLogger(), []];
    const server = new HttpServer('127.0.0.1', port).debug(log).get('/', () => 'x');
    for (const point of POINTS) server[point](() => void trace.push(point));
    return { server, log, trace };
  }

  const fail = (): void => {
    throw new Error('not ready');
  };

  test.each([
    ['onPrimary', ['onPrimary', 'onShutdown']],
    ['onWorkerStart', ['onPrimary', 'onWorkerStart', 'onWorkerStop', 'onShutdown']],
    ['onStart', [...POINTS]],
  ] as const)('in %s is followed by the hooks that end what was begun, once', async (point, expected) => {
    const { server, log, trace } = tracing();
    server[point](fail);
    await expect(server.start()).rejects.toThrow('not ready');
    expect(trace).toEqual(expected);
    expect(await server.shutdown()).toMatchObject({ drained: 0, forced: 0 });
    expect(trace).toEqual(expected);
    expect(log.at('error')).toEqual([]);
  });

  test('because the port is in use too, and the next one begins with all of them', async () => {
    await using holder = await openServer(() => undefined);
    const { server, trace } = tracing(holder.port);
    await expect(server.start()).rejects.toMatchObject({ code: 'ERR_PORTLIGHT_PORT_IN_USE' });
    expect(trace.splice(0)).toEqual(['onPrimary', 'onWorkerStart', 'onWorkerStop', 'onShutdown']);
    await holder.server.shutdown();
    await server.start();
    await server.shutdown();
    expect(trace).toEqual([...POINTS]);
  });

  test('because the backplane does not open runs none of them', async () => {
    const { server, trace } = tracing();
    server.backplane(backplaneWith({ open: fail }));
    await expect(server.start()).rejects.toThrow('not ready');
    expect(trace).toEqual([]);
  });

  test('keeps its error where these hooks fail as well, which the log says', async () => {
    const { server, log, trace } = tracing();
    server.onWorkerStart(fail).onWorkerStop(() => {
      throw new Error('nothing to close');
    });
    await expect(server.start()).rejects.toThrow('not ready');
    expect(trace.at(-1)).toBe('onShutdown');
    expect(log.at('error').map(({ fields }) => String(fields['err']))).toEqual(['Error: nothing to close']);
  });

  test('waits for them no longer than a drain', async () => {
    const log = new RecordingLogger();
    const server = new HttpServer('127.0.0.1', 0, { drainTimeoutMs: 10 }).debug(log).get('/', () => 'x');
    server.onStart(fail).onShutdown(() => new Promise(() => {}));
    await expect(server.start()).rejects.toThrow('not ready');
    expect(log.at('error').map(({ message }) => message)).toEqual(['The hooks of the stop were not done in time.']);
  });

  test('while a stop waits for it gives that nothing to do', async () => {
    const [gate, waits] = [deferred(), deferred()];
    const { server, trace } = tracing();
    server.onStart(fail).onWorkerStop(() => {
      waits.resolve();
      return gate.promise;
    });
    const failure = failureOf(server.start());
    await waits.promise;
    const stopping = server.shutdown();
    gate.resolve();
    expect(await failure).toMatchObject({ message: 'not ready' });
    expect(await stopping).toMatchObject({ drained: 0, forced: 0 });
    expect(trace).toEqual([...POINTS]);
  });
});

describe('isPortFree', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('sees a listener on %s, and leaves none itself', async (host) => {
    const holder = createServer();
    await new Promise<void>((resolve, reject) => holder.once('error', reject).listen(0, host, resolve));
    const { port } = holder.address() as { port: number };
    const server = new HttpServer('127.0.0.1', port);
    expect([await server.isPortFree(), await server.isPortFree(port)]).toEqual([false, false]);
    await new Promise((resolve) => holder.close(resolve));
    expect([await server.isPortFree(), await server.isPortFree(port)]).toEqual([true, true]);
  });

  test('says no while this server itself has it', async () => {
    await using open = await openServer(() => undefined);
    expect(await open.server.isPortFree()).toBe(false);
  });

  test.each([-1, 65_536, 1.5, '80'])('refuses %s', async (port) => {
    await expect(new HttpServer().isPortFree(port as number)).rejects.toMatchObject({ name: 'ConfigError' });
  });
});

test('every server has a number of its own', () => {
  const [first, second] = [new HttpServer(), new HttpServer()];
  expect(first.getId()).not.toBe(second.getId());
  expect(first.getId()).toBe(first.getId());
});
