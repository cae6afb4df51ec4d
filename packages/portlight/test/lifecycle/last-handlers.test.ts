import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { RunMode } from '../../src/config/run-mode.ts';
import { HttpServer, type StopReport } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

interface Running {
  readonly server: HttpServer;
  readonly port: number;
  readonly stopped: Promise<StopReport>;
}

async function run(mode: RunMode, register: (server: HttpServer) => unknown): Promise<Running> {
  const server = new HttpServer('127.0.0.1', 0).debug(false);
  register(server);
  const started = deferred();
  server.onStart(() => started.resolve());
  const stopped = server.run({ mode });
  await Promise.race([started.promise, stopped]);
  return { server, port: server.getAddress().port, stopped };
}

describe.each(['concurrent', 'sequential'] as const)('at a stop in the mode %s', (mode) => {
  test('the close handlers of channels have run before the hooks', async () => {
    const ran: string[] = [];
    const { server, port, stopped } = await run(mode, (app) =>
      app
        .accept('/', {
          close: async () => {
            await delay(5);
            ran.push('close');
          },
        })
        .onWorkerStop(() => void ran.push('onWorkerStop'))
        .onShutdown(() => void ran.push('onShutdown')),
    );
    await Promise.all([1, 2, 3].map(() => WebSocketClient.open(port, '/')));
    expect(await server.shutdown()).toMatchObject({ drained: 3, forced: 0 });
    await stopped;
    expect(ran).toEqual(['close', 'close', 'close', 'onWorkerStop', 'onShutdown']);
  });

  test('a message handler at work, and the close handler behind it, are waited for', async () => {
    const ran: string[] = [];
    const gate = deferred();
    const begun = deferred();
    const { server, port } = await run(mode, (app) =>
      app
        .accept('/', {
          message: async () => {
            begun.resolve();
            await gate.promise;
            ran.push('message');
          },
          close: () => void ran.push('close'),
        })
        .onWorkerStop(() => void ran.push('onWorkerStop')),
    );
    const client = await WebSocketClient.open(port, '/');
    client.send('x');
    await begun.promise;
    const stopping = server.shutdown();
    expect(await client.end()).toMatchObject({ code: 1001 });
    expect(ran).toEqual([]);
    gate.resolve();
    expect(await stopping).toMatchObject({ drained: 1, forced: 0 });
    expect(ran).toEqual(['message', 'close', 'onWorkerStop']);
  });

  test('a close handler that is not done in time counts as forced', async () => {
    const { server, port } = await run(mode, (app) => app.accept('/', { close: () => new Promise(() => {}) }));
    await WebSocketClient.open(port, '/');
    expect(await server.shutdown({ timeoutMs: 100 })).toMatchObject({ drained: 1, forced: 1 });
  });

  test('the close handlers of channels that are cut run before the hooks', async () => {
    const ran: string[] = [];
    const { server, port } = await run(mode, (app) =>
      app.accept('/', { close: () => void ran.push('close') }).onWorkerStop(() => void ran.push('onWorkerStop')),
    );
    const client = await WebSocketClient.open(port, '/');
    // It does not answer the close.
    client.websocket.pause();
    expect(await server.shutdown({ timeoutMs: 50 })).toMatchObject({ forced: 1 });
    expect(ran).toEqual(['close', 'onWorkerStop']);
    client.websocket.terminate();
  });
});
