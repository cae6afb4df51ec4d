import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { describeProcess } from '../../src/ports/port-holder.ts';
import { openServer } from '../support/open-server.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { spawnHolder } from '../support/spawn-holder.ts';

interface Attempt {
  readonly isFreed: boolean;
  readonly log: RecordingLogger;
}

async function free(port: number): Promise<Attempt> {
  const log = new RecordingLogger();
  const isFreed = await new HttpServer('127.0.0.1', port).debug(log).freePortIfStuck();
  return { isFreed, log };
}

const signalsSent = ({ log }: Attempt): unknown[] => log.at('warn').map(({ fields }) => fields['signal']);
const IGNORES = `process.on('SIGTERM', () => undefined)`;

afterEach(() => vi.restoreAllMocks());

describe.skipIf(process.platform !== 'linux')('freePortIfStuck', { timeout: 20_000 }, () => {
  test.each(['127.0.0.1', '0.0.0.0', '::1'])('ends a process that listens on %s, and says whom', async (host) => {
    await using holder = await spawnHolder('', host);
    const attempt = await free(holder.port);
    expect([attempt.isFreed, await holder.ended]).toEqual([true, 'SIGTERM']);
    expect(attempt.log.at('warn').map(({ fields }) => fields)).toEqual([
      {
        port: holder.port,
        pid: holder.pid,
        command: expect.stringContaining('portlight-test-holder') as string,
        signal: 'SIGTERM',
      },
    ]);
    expect(await new HttpServer('127.0.0.1', holder.port).isPortFree()).toBe(true);
  });

  test('waits for one that stops in its own way', async () => {
    await using holder = await spawnHolder(`process.on('SIGTERM', () => setTimeout(() => process.exit(7), 200))`);
    const attempt = await free(holder.port);
    expect([attempt.isFreed, await holder.ended, signalsSent(attempt)]).toEqual([true, 7, ['SIGTERM']]);
  });

  test('kills one that ignores SIGTERM, two seconds later', async () => {
    await using holder = await spawnHolder(IGNORES);
    const startedAt = performance.now();
    const attempt = await free(holder.port);
    expect([attempt.isFreed, await holder.ended, signalsSent(attempt)]).toEqual([
      true,
      'SIGKILL',
      ['SIGTERM', 'SIGKILL'],
    ]);
    expect(performance.now() - startedAt).toBeGreaterThan(1_900);
  });

  test('frees the port of one that only closes it', async () => {
    await using holder = await spawnHolder(
      `process.on('SIGTERM', () => process._getActiveHandles().forEach((each) => each.close && each.close())); setInterval(() => undefined, 1e6)`,
    );
    const { isFreed } = await free(holder.port);
    expect(isFreed).toBe(true);
  });

  test('never ends itself', async () => {
    await using open = await openServer((app) => app.get('/', () => 'alive'));
    const attempt = await free(open.port);
    expect([attempt.isFreed, signalsSent(attempt)]).toEqual([false, [undefined]]);
    expect(attempt.log.at('warn')[0]?.message).toContain('this process itself');
    expect(await (await fetch(`http://127.0.0.1:${open.port}/`)).text()).toBe('alive');
  });

  test('never ends its parent', async () => {
    await using holder = await spawnHolder();
    vi.spyOn(process, 'ppid', 'get').mockReturnValue(holder.pid);
    const attempt = await free(holder.port);
    expect([attempt.isFreed, signalsSent(attempt)]).toEqual([false, [undefined]]);
    expect(attempt.log.at('warn')[0]?.message).toContain('the parent of this process');
    expect(await describeProcess(holder.pid)).toMatchObject({ pid: holder.pid });
  });

  test('never ends a process of another user', async () => {
    await using holder = await spawnHolder();
    vi.spyOn(process, 'getuid').mockReturnValue(54_321);
    const attempt = await free(holder.port);
    expect([attempt.isFreed, signalsSent(attempt)]).toEqual([false, [undefined]]);
    expect(attempt.log.at('warn')[0]?.message).toContain('another user');
    expect(await describeProcess(holder.pid)).toMatchObject({ pid: holder.pid });
  });

  test('does nothing where nobody listens', async () => {
    const holder = await spawnHolder();
    await holder[Symbol.asyncDispose]();
    const attempt = await free(holder.port);
    expect([attempt.isFreed, attempt.log.lines]).toEqual([false, []]);
  });

  test('takes a process that is dead and not yet buried for ended', async () => {
    // It has no parent that asks how it ended: sleep takes the place of the shell that started it.
    const code = `require('node:net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port, process.pid); })`;
    const parent = spawn('/bin/sh', ['-c', '"$0" -e "$1" & exec sleep 60', process.execPath, code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const [port = 0, pid = 0] = line.toString().split(' ').map(Number);
      const attempt = await free(port);
      expect([attempt.isFreed, signalsSent(attempt)]).toEqual([true, ['SIGTERM']]);
      expect(() => process.kill(pid, 0)).not.toThrow();
      expect(await describeProcess(pid)).toBe(undefined);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  test('ends all who listen on the port, each on an address of its own', async () => {
    await using first = await spawnHolder('', '127.0.0.1');
    await using second = await spawnHolder('', '127.0.0.2', first.port);
    const { isFreed } = await free(first.port);
    expect(isFreed).toBe(true);
    expect(await Promise.all([first.ended, second.ended])).toEqual(['SIGTERM', 'SIGTERM']);
  });

  test('asks no other program and no shell', async () => {
    await using holder = await spawnHolder();
    const path = process.env['PATH'];
    process.env['PATH'] = '';
    try {
      expect((await free(holder.port)).isFreed).toBe(true);
    } finally {
      process.env['PATH'] = path;
    }
  });

  test('by two at once ends it once', async () => {
    await using holder = await spawnHolder();
    await Promise.all([free(holder.port), free(holder.port)]);
    expect(await holder.ended).toBe('SIGTERM');
  });

  test('is what shutdown does with kill', async () => {
    await using holder = await spawnHolder();
    const server = new HttpServer('127.0.0.1', holder.port).debug(false);
    await server.shutdown();
    expect(await describeProcess(holder.pid)).toMatchObject({ pid: holder.pid });
    await server.shutdown({ kill: true });
    expect(await holder.ended).toBe('SIGTERM');
  });
});

test.each(['80; rm -rf /', '80', -1, 65_536, 1.5, Number.NaN, null])('freePortIfStuck(%s) is refused', async (port) => {
  await expect(new HttpServer().freePortIfStuck(port as number)).rejects.toMatchObject({ name: 'ConfigError' });
});
