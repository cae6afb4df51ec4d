import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { describeProcess, findPortHolders } from '../../src/ports/port-holder.ts';
import { openServer } from '../support/open-server.ts';
import { RawClient } from '../support/raw-client.ts';
import { spawnHolder } from '../support/spawn-holder.ts';

describe.skipIf(process.platform !== 'linux')('who holds a port', () => {
  test.each(['127.0.0.1', '0.0.0.0', '::1', '::'])('is found at %s', async (host) => {
    await using holder = await spawnHolder('', host);
    expect(await findPortHolders(holder.port)).toMatchObject([
      { pid: holder.pid, uid: process.getuid?.(), command: expect.stringContaining('portlight-test-holder') as string },
    ]);
  });

  test('is this process itself', async () => {
    await using open = await openServer(() => undefined);
    expect(await findPortHolders(open.port)).toMatchObject([{ pid: process.pid }]);
  });

  test('is nobody where nobody listens, though a client has the number', async () => {
    await using open = await openServer(() => undefined);
    await using client = await RawClient.open(open.port);
    const { localPort } = client.socket;
    expect(localPort).toBeGreaterThan(0);
    expect(await findPortHolders(localPort as number)).toEqual([]);
  });

  test('may be several, each on an address of its own', async () => {
    await using first = await spawnHolder();
    await using second = await spawnHolder('', '127.0.0.2', first.port);
    const pids = (await findPortHolders(first.port)).map(({ pid }) => pid);
    expect(new Set(pids)).toEqual(new Set([first.pid, second.pid]));
  });

  test('has a start that tells it from a later process of the same number', async () => {
    await using first = await spawnHolder();
    await using second = await spawnHolder();
    const [one, again, other] = [
      await describeProcess(first.pid),
      await describeProcess(first.pid),
      await describeProcess(second.pid),
    ];
    expect(one?.startedAt).toMatch(/^\d+$/);
    expect(again).toEqual(one);
    expect(Number(other?.startedAt)).toBeGreaterThanOrEqual(Number(one?.startedAt));
  });

  test.each([`process.title = 'a) Z 1 (b'`, `process.title = ''`])(
    'is known whatever it calls itself (%s)',
    async (code) => {
      await using holder = await spawnHolder(code);
      expect(await findPortHolders(holder.port)).toMatchObject([
        { pid: holder.pid, startedAt: expect.stringMatching(/^\d+$/) as string },
      ]);
    },
  );

  test('is no process that ended, or never was', async () => {
    const holder = await spawnHolder();
    await holder[Symbol.asyncDispose]();
    expect([await describeProcess(holder.pid), await describeProcess(2 ** 30)]).toEqual([undefined, undefined]);
  });
});

describe.skipIf(process.platform !== 'linux')('a start on a port in use', () => {
  test('names the process that holds it and its command', async () => {
    await using holder = await spawnHolder();
    await expect(new HttpServer('127.0.0.1', holder.port).start()).rejects.toMatchObject({
      name: 'PortInUseError',
      code: 'ERR_PORTLIGHT_PORT_IN_USE',
      port: holder.port,
      pid: holder.pid,
      command: expect.stringContaining('portlight-test-holder') as string,
      message: expect.stringContaining(`process ${holder.pid}`) as string,
    });
  });

  test('of which only another address of the machine is in use, is none', async () => {
    await using holder = await spawnHolder('', '127.0.0.2');
    const server = await new HttpServer('127.0.0.1', holder.port).start();
    expect(server.isConnected()).toBe(true);
    await server.shutdown();
  });
});
