import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { type ToldWorker, WorkersApp } from './workers-app.ts';

/** What the children share, and how they do where Node does not let them. */
const WAYS = [
  ['children that accept', []],
  ['a primary that accepts', ['--import', './fixtures/without-shared-handles.mjs']],
] as const;

describe.each(WAYS)('with %s', (_, args) => {
  test('no connection is lost, and each has its share', async () => {
    await using app = new WorkersApp({ size: 3 }, args);
    const port = await app.port();
    const served = new Map<string, number>();
    // Right after its start a child evaluates what it needs later, and accepts nobody meanwhile.
    for (const { pid } of await app.workers()) await (await app.connectTo(pid))[Symbol.asyncDispose]();
    const held = await Promise.all(Array.from({ length: 120 }, () => RawClient.open(port)));
    for (const client of held) {
      const { body } = await client.send(get('/')).response();
      served.set(body, (served.get(body) ?? 0) + 1);
    }
    expect(served.size).toBe(3);
    for (const count of served.values()) expect(count).toBeLessThanOrEqual(70);
    const total = (told: readonly ToldWorker[], field: 'connections' | 'requests'): number =>
      told.reduce((sum, worker) => sum + worker[field], 0);
    await app.settled((told) => total(told, 'connections') >= 120 && total(told, 'requests') >= 120);
    for (const client of held) await client[Symbol.asyncDispose]();
    let failed = 0;
    const askSome = async (): Promise<void> => {
      for (let count = 0; count < 50; count++) if ((await app.get('/').catch(() => '')) === '') failed += 1;
    };
    await Promise.all(Array.from({ length: 8 }, askSome));
    expect(failed).toBe(0);
  });

  test('a child that is replaced takes connections again, and a stop leaves nobody on the port', async () => {
    await using app = new WorkersApp({}, args);
    const port = await app.port();
    const [one] = await app.workers();
    process.kill(one?.pid as number, 'SIGKILL');
    const workers = await app.settled((told) => told.some(({ id, restarts }) => id === one?.id && restarts === 1));
    const successor = workers.find(({ id }) => id === one?.id)?.pid as number;
    await using client = await app.connectTo(successor);
    expect(client.isClosed).toBe(false);
    app.kill('SIGTERM');
    expect(await app.exit).toEqual({ code: 0, signal: null });
    expect((await RawClient.open(port).catch((error: NodeJS.ErrnoException) => error)) as unknown).toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  test('a unix socket is served by all, and its file is gone with them', async () => {
    await using folder = await TempFolder.create();
    const path = folder.at('app.sock');
    await using app = new WorkersApp({ at: `unix://${path}` }, args);
    await app.said('listening 0');
    const pids = new Set<string>();
    while (pids.size < 2) pids.add(await askAt(path, '/'));
    expect(JSON.parse(await askAt(path, '/place'))).toEqual({ address: path, port: 0, isConnected: true });
    app.kill('SIGTERM');
    expect(await app.exit).toEqual({ code: 0, signal: null });
    await expect(access(path)).rejects.toThrow('ENOENT');
  });
});

async function askAt(path: string, target: string): Promise<string> {
  const socket = connect({ path });
  await once(socket, 'connect');
  socket.write(get(target, 'connection: close'));
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) text += chunk as string;
  return text.split('\r\n\r\n')[1] ?? '';
}
