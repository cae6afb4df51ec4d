import { describe, expect, test, vi } from 'vitest';
import { isAlive, RealChildren } from '../support/real-children.ts';

describe.concurrent('a first start', () => {
  test.each<[mode: string, expected: object]>([
    ['throws', { cause: { name: 'RangeError', code: 'EOUT', stack: expect.stringMatching(/raise .*child\.mjs/) } }],
    ['exits', { message: expect.stringContaining('with code 3. What it said last stands on standard error') }],
    ['ends', { message: expect.stringContaining('with code 0. Its file was at its end without ready()') }],
  ])('of a file that %s rejects', async (mode, expected) => {
    await using children = new RealChildren(mode, { size: 2 });
    await expect(children.supervisor.start()).rejects.toMatchObject({ code: 'ERR_PREFORK_BOOT', ...expected });
    expect(children.exits.filter(([{ pid }]) => isAlive(pid))).toEqual([]);
    expect(children.supervisor.workers).toEqual([]);
  });

  test.each(['blocked at boot', 'silent at boot'])('of a child that is %s rejects in time', async (mode) => {
    await using children = new RealChildren(mode, { bootTimeoutMs: 500 });
    await expect(children.supervisor.start()).rejects.toMatchObject({
      message: expect.stringContaining('was not ready within bootTimeoutMs') as unknown,
    });
  });

  test('of a file that is not there rejects', async () => {
    await using children = new RealChildren('', { entry: 'no-such-file.mjs' });
    await expect(children.supervisor.start()).rejects.toMatchObject({ code: 'ERR_PREFORK_BOOT' });
  });
});

describe.concurrent('a child that', () => {
  test('is killed is replaced', async () => {
    await using children = await RealChildren.start('');
    const { pid } = children.worker;
    process.kill(pid as number, 'SIGKILL');
    await children.ready(2);
    expect(children.worker).toMatchObject({ id: 1, restarts: 1 });
    expect(children.worker.pid).not.toBe(pid);
    expect(await children.exit()).toMatchObject({ signal: 'SIGKILL', killedFor: undefined, error: undefined });
  });

  test.each([
    ['throw', { name: 'RangeError', message: 'out of range', code: 'EOUT' }],
    ['reject', { name: 'TypeError', message: 'nobody caught this' }],
  ])('says what nothing caught (%s)', async (deed, error) => {
    await using children = await RealChildren.start('');
    children.do(deed);
    expect(await children.exit()).toMatchObject({ code: 1, wasReady: true, wasDraining: false, error });
  });

  test('ends by itself, even well, has failed', async () => {
    await using children = await RealChildren.start('');
    children.do('exit', { code: 0 });
    expect(await children.exit()).toMatchObject({ code: 0, wasDraining: false, error: undefined });
  });

  test('loops for ever is killed and replaced', async () => {
    await using children = await RealChildren.start('', { size: 2, unresponsiveTimeoutMs: 1_000 });
    children.do('block', { ms: 60_000 });
    expect(await children.exit()).toMatchObject({ signal: 'SIGKILL', killedFor: 'unresponsive' });
    await children.ready(3);
    expect(children.exits).toHaveLength(1);
  });

  test('is stopped by a signal is killed', async () => {
    await using children = await RealChildren.start('', { unresponsiveTimeoutMs: 1_000 });
    process.kill(children.worker.pid as number, 'SIGSTOP');
    expect(await children.exit()).toMatchObject({ signal: 'SIGKILL', killedFor: 'unresponsive' });
  });

  test('is busy for a while lives, and says how late it was', async () => {
    await using children = await RealChildren.start('', { unresponsiveTimeoutMs: 2_000 });
    children.do('block', { ms: 700 });
    await vi.waitUntil(() => (children.worker.lastReport?.lagMs ?? 0) > 500, { timeout: 10_000 });
    expect(children.exits).toEqual([]);
  });

  test('is sent SIGTERM finishes and is replaced; SIGINT, SIGHUP and SIGUSR2 are not for it', async () => {
    await using children = await RealChildren.start('', { drainTimeoutMs: 3_000 });
    const pid = children.worker.pid as number;
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.kill(pid, signal);
    expect(await children.worker.link.call('echo', 1)).toMatchObject({ data: 1 });
    process.kill(pid, 'SIGTERM');
    expect(await children.exit()).toMatchObject({
      code: 0,
      wasDraining: true,
      report: { timeoutMs: 3_000, reason: 'SIGTERM' },
    });
    await children.ready(2);
  });

  test.each([{ isFailure: false }, { isFailure: true }])('finishes for its own reasons says so (%o)', async (how) => {
    await using children = await RealChildren.start('');
    children.do('drain', how);
    expect(await children.exit()).toMatchObject({ code: 0, wasDraining: true, report: { reason: 'own reasons' } });
  });

  test('leaves its channel believes its primary lost', async () => {
    await using children = await RealChildren.start('');
    children.do('disconnect');
    expect(await children.exit()).toMatchObject({ code: 0, wasReady: true });
  });
});

describe.concurrent('a reload', () => {
  test('replaces all, and each says what it finished for', async () => {
    await using children = await RealChildren.start('', { size: 2 });
    const before = children.supervisor.workers.map(({ pid }) => pid);
    await children.supervisor.reload();
    expect(children.exits.map(([{ pid }, { code, report }]) => [pid, code, report])).toEqual(
      before.map((pid) => [pid, 0, { timeoutMs: 10_000, reason: 'replace' }]),
    );
    const after = children.supervisor.workers;
    expect(after.map(({ id, state, restarts }) => [id, state, restarts])).toEqual([
      [1, 'ready', 1],
      [2, 'ready', 1],
    ]);
    expect(before.filter((pid) => isAlive(pid) || after.some((worker) => worker.pid === pid))).toEqual([]);
  });

  test('keeps the old ones where the new one throws, whose stack it tells', async () => {
    await using children = await RealChildren.start('throws when again', { size: 2 });
    const before = children.supervisor.workers.map(({ pid }) => pid);
    await expect(children.supervisor.reload()).rejects.toMatchObject({
      code: 'ERR_PREFORK_BOOT',
      cause: { name: 'RangeError', code: 'EOUT', stack: expect.stringContaining('child.mjs') as unknown },
    });
    expect(children.supervisor.workers.map(({ pid }) => pid)).toEqual(before);
  });
});

describe.concurrent('a stop', () => {
  test('tells what each reported, and leaves nobody', async () => {
    await using children = await RealChildren.start('', { size: 2 });
    const pids = children.supervisor.workers.map(({ pid }) => pid);
    const stopped = await children.supervisor.stop({ timeoutMs: 5_000 });
    expect(stopped.map(({ id, code, report }) => [id, code, report])).toEqual(
      expect.arrayContaining([1, 2].map((id) => [id, 0, { timeoutMs: 5_000, reason: 'stop' }])),
    );
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('ends a child that the app keeps alive, at the deadline, and does not call it unfinished', async () => {
    await using children = await RealChildren.start('interval');
    expect(await children.supervisor.stop({ timeoutMs: 300 })).toMatchObject([{ hasDrained: true }]);
  });

  test('ends one whose drain does not end, and one that is stopped', async () => {
    await using children = await RealChildren.start('never drains', { size: 2 });
    const [, two] = children.supervisor.workers;
    process.kill(two?.pid as number, 'SIGSTOP');
    const stopped = await children.supervisor.stop({ timeoutMs: 300 });
    expect(stopped.map(({ hasDrained, report }) => [hasDrained, report])).toEqual([
      [false, undefined],
      [false, undefined],
    ]);
    expect(stopped.find(({ id }) => id === 2)).toMatchObject({ signal: 'SIGKILL', killedFor: 'drain-timeout' });
  });

  test('while they start stops them', async () => {
    await using children = new RealChildren('silent at boot', { size: 2 });
    const start = children.supervisor.start().catch((error: unknown) => error);
    expect(await children.supervisor.stop({ timeoutMs: 3_000 })).toHaveLength(2);
    expect(await start).toMatchObject({ code: 'ERR_PREFORK_STOPPED' });
  });
});
