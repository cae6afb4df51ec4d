import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import type { SupervisorOptions } from '../../src/supervisor/supervisor-options.ts';
import type { Worker } from '../../src/supervisor/worker.ts';
import { type FakeChild, FakeChildren } from '../../src/testing/fake-children.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

async function pass(ms: number): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
  await vi.advanceTimersByTimeAsync(ms);
  for (let turns = 0; turns < 10; turns++) await turn();
}

/** Two children that are ready; then what `boot` does is done by those that follow. */
async function started(boot: (child: FakeChild) => void = ({ primary }) => primary.ready(), more?: SupervisorOptions) {
  const fakes = new FakeChildren((child) => (child.pid <= 2 ? child.primary.ready() : boot(child)));
  const seen: string[] = [];
  const see =
    (what: string) =>
    ({ id, key }: Worker): void =>
      void seen.push(`${what} ${id} ${key}`);
  const supervisor = new Supervisor(
    {
      size: 2,
      entry: 'app.js',
      onWorker: see('start'),
      onReady: see('ready'),
      onReplaced: (worker, { key }) => see(`${key} follows`)(worker),
      onDraining: see('finish'),
      onExit: see('end'),
      ...more,
    },
    (command) => fakes.start(command),
  );
  await supervisor.start();
  seen.length = 0;
  return { supervisor, fakes, seen };
}

const pidsOf = (supervisor: Supervisor): readonly unknown[] => supervisor.workers.map(({ pid }) => pid);

/** Whether it is settled, and how. */
function watch(promise: Promise<void>): { outcome: unknown } {
  const watched: { outcome: unknown } = { outcome: 'pending' };
  promise.then(
    () => (watched.outcome = 'done'),
    (error: unknown) => (watched.outcome = error),
  );
  return watched;
}

describe('a reload', () => {
  it('starts another child before one finishes, one after the other', async () => {
    const { supervisor, fakes, seen } = await started();
    await supervisor.reload();
    expect(seen).toEqual([
      'start 1 1.1',
      'ready 1 1.1',
      '1.1 follows 1 1.0',
      'finish 1 1.0',
      'end 1 1.0',
      'start 2 2.1',
      'ready 2 2.1',
      '2.1 follows 2 2.0',
      'finish 2 2.0',
      'end 2 2.0',
    ]);
    expect(supervisor.workers.map(({ id, pid, state, restarts }) => [id, pid, state, restarts])).toEqual([
      [1, 3, 'ready', 1],
      [2, 4, 'ready', 1],
    ]);
    expect(fakes.all).toHaveLength(4);
    await supervisor.stop();
  });

  it('tells the old one why it finishes, and waits until it has', async () => {
    const { supervisor, fakes } = await started();
    let finish = (): void => {};
    const drained = new Promise<void>((resolve) => (finish = resolve));
    const reasons: unknown[] = [];
    fakes.all[0]?.primary.onDrain(({ reason }) => {
      reasons.push(reason);
      return drained;
    });
    const reload = supervisor.reload();
    await pass(0);
    expect([reasons, pidsOf(supervisor)]).toEqual([['replace'], [1, 3, 2]]);
    finish();
    await reload;
    expect(pidsOf(supervisor)).toEqual([3, 4]);
    await supervisor.stop();
  });

  it('waits for none that finishes slowly while there may be more processes', async () => {
    const { supervisor, fakes } = await started(undefined, { maxSize: 3 });
    const finish = fakes.all.map(({ primary }) => {
      let done = (): void => {};
      primary.onDrain(() => new Promise<void>((resolve) => (done = resolve)));
      return () => done();
    });
    const reload = watch(supervisor.reload());
    await pass(0);
    expect(pidsOf(supervisor)).toEqual([1, 3, 2, 4]);
    // One more than the most is enough: nobody is added beside those that finish.
    expect(supervisor.grow()).toBe(false);
    finish[1]?.();
    await pass(0);
    expect([reload.outcome, pidsOf(supervisor), supervisor.grow()]).toEqual(['pending', [1, 3, 4], false]);
    finish[0]?.();
    await pass(0);
    expect([reload.outcome, pidsOf(supervisor), supervisor.grow()]).toEqual(['done', [3, 4], true]);
    await supervisor.stop();
  });

  it('goes on when any of those has finished', async () => {
    const { supervisor, fakes } = await started(undefined, { maxSize: 2 });
    let finish = (): void => {};
    fakes.all[0]?.primary.onDrain(() => new Promise<void>((resolve) => (finish = resolve)));
    const reload = watch(supervisor.reload());
    await pass(0);
    expect(pidsOf(supervisor)).toEqual([1, 3, 2]);
    // Which of the two makes room does not matter.
    fakes.all[1]?.primary.drain('own');
    await pass(200);
    expect(pidsOf(supervisor)).toEqual([1, 3, 4]);
    expect(reload.outcome).toBe('pending');
    finish();
    await pass(0);
    expect([reload.outcome, pidsOf(supervisor)]).toEqual(['done', [3, 4]]);
    await supervisor.stop();
  });

  it.each([
    [
      'fails',
      ({ primary }: FakeChild) => primary.fail(new SyntaxError('Unexpected token')),
      /before it was ready, with code 1: Unexpected token\.$/,
    ],
    ['leaves by itself', ({ primary }: FakeChild) => primary.drain('uncaught', { isFailure: true }), /with code 0/],
    ['is never ready', () => {}, /not ready within bootTimeoutMs/],
  ])('keeps the old ones where a new one %s', async (how, boot, message) => {
    const { supervisor, fakes, seen } = await started((child) => {
      boot(child);
      if (how === 'fails') child.exit(1);
    });
    const reload = watch(supervisor.reload());
    await pass(30_000);
    await pass(60_000);
    expect(reload.outcome).toMatchObject({
      code: 'ERR_PREFORK_BOOT',
      message: expect.stringMatching(message) as unknown,
    });
    expect(pidsOf(supervisor)).toEqual([1, 2]);
    expect(fakes.all).toHaveLength(3);
    expect(seen).not.toContain('finish 1 1.0');
    await supervisor.stop();
  });

  it.each(['SIGHUP', 'SIGUSR2'] as const)(
    'starts one more where a %s to all has struck the new one',
    async (signal) => {
      const { supervisor, fakes } = await started((child) =>
        child.pid === 3 ? child.endBy(signal) : child.primary.ready(),
      );
      await supervisor.reload();
      expect(pidsOf(supervisor)).toEqual([4, 5]);
      expect(fakes.all).toHaveLength(5);
      await supervisor.stop();
    },
  );

  it('gives up a new one that a signal ends again and again', async () => {
    const { supervisor, fakes } = await started((child) => child.endBy('SIGHUP'));
    await expect(supervisor.reload()).rejects.toMatchObject({ code: 'ERR_PREFORK_BOOT' });
    expect(pidsOf(supervisor)).toEqual([1, 2]);
    expect(fakes.all).toHaveLength(2 + 5);
    await supervisor.stop();
  });

  it('gives none a name that another one had', async () => {
    const { supervisor, seen } = await started((child) => (child.pid === 3 ? child.exit(1) : child.primary.ready()));
    await expect(supervisor.reload()).rejects.toMatchObject({ code: 'ERR_PREFORK_BOOT' });
    await supervisor.reload();
    expect(seen.filter((text) => text.startsWith('start'))).toEqual(['start 1 1.1', 'start 1 1.2', 'start 2 2.1']);
    expect(supervisor.workers.map(({ restarts }) => restarts)).toEqual([1, 1]);
    await supervisor.stop();
  });

  it('fails never so often that no more are started', async () => {
    const { supervisor, fakes } = await started((child) => (child.pid <= 22 ? child.exit(1) : child.primary.ready()));
    for (let round = 0; round < 20; round++)
      await expect(supervisor.reload()).rejects.toMatchObject({ code: 'ERR_PREFORK_BOOT' });
    fakes.all[0]?.exit(1);
    await pass(0);
    expect(pidsOf(supervisor)).toEqual([23, 2]);
    await supervisor.stop();
  });

  it('comes once more, however often it is asked for during one', async () => {
    const { supervisor, fakes } = await started();
    const first = supervisor.reload();
    await turn();
    const others = [supervisor.reload(), supervisor.reload(), supervisor.reload()];
    await Promise.all([first, ...others]);
    expect(pidsOf(supervisor)).toEqual([5, 6]);
    expect(fakes.all).toHaveLength(6);
    await supervisor.stop();
  });

  it('waits for the start', async () => {
    const fakes = new FakeChildren();
    const supervisor = new Supervisor({ size: 1, entry: 'app.js' }, (command) => fakes.start(command));
    const start = supervisor.start();
    const reload = supervisor.reload();
    await start;
    expect(pidsOf(supervisor)).toEqual([1]);
    await reload;
    expect(pidsOf(supervisor)).toEqual([2]);
    await supervisor.stop();
  });

  it('ends with a stop, which leaves nobody', async () => {
    const { supervisor, fakes } = await started(() => {});
    const reload = watch(supervisor.reload());
    await pass(0);
    expect(pidsOf(supervisor)).toEqual([1, 3, 2]);
    const stop = supervisor.stop({ timeoutMs: 1_000 });
    await pass(2_000);
    expect((await stop).map(({ key }) => key).toSorted()).toEqual(['1.0', '1.1', '2.0']);
    expect(reload.outcome).toMatchObject({ code: 'ERR_PREFORK_STOPPED' });
    await expect(supervisor.reload()).rejects.toMatchObject({ code: 'ERR_PREFORK_STOPPED' });
    expect([pidsOf(supervisor), fakes.all.length]).toEqual([[], 3]);
  });
});

describe('a child that is replaced', () => {
  it('and dies before the other one is ready is followed by that one alone', async () => {
    const { supervisor, fakes } = await started(({ primary }) => void setTimeout(() => primary.ready(), 1_000));
    const replaced = supervisor.replace(supervisor.workers[0] as Worker);
    await pass(0);
    fakes.all[0]?.endBy('SIGKILL');
    await pass(1_000);
    await replaced;
    await pass(60_000);
    expect(pidsOf(supervisor)).toEqual([3, 2]);
    await supervisor.stop();
  });

  it.each([
    ['dies', (child: FakeChild | undefined) => child?.endBy('SIGKILL')],
    ['is told to stop', (child: FakeChild | undefined) => child?.primary.drain('SIGTERM')],
  ])('and %s is followed by a third where the other one fails', async (_how, end) => {
    const { supervisor, fakes } = await started(({ primary, pid }) => {
      if (pid !== 3) primary.ready();
    });
    const replaced = watch(supervisor.replace(supervisor.workers[0] as Worker));
    await pass(0);
    end(fakes.all[0]);
    await pass(0);
    fakes.all[2]?.exit(1);
    await pass(0);
    expect(replaced.outcome).toMatchObject({ code: 'ERR_PREFORK_BOOT' });
    expect(pidsOf(supervisor)).toEqual([4, 2]);
    await supervisor.stop();
  });

  it('is let alone where another one comes already, or it is gone', async () => {
    const { supervisor, fakes } = await started();
    const [worker] = supervisor.workers;
    await Promise.all([supervisor.replace(worker as Worker), supervisor.replace(worker as Worker)]);
    await supervisor.replace(worker as Worker);
    expect([pidsOf(supervisor), fakes.all.length]).toEqual([[3, 2], 3]);
    await supervisor.stop();
  });

  it('is replaced as any other when it dies after', async () => {
    const { supervisor, fakes } = await started();
    await supervisor.replace(supervisor.workers[0] as Worker);
    fakes.all[2]?.exit(1);
    await pass(0);
    expect(pidsOf(supervisor)).toEqual([4, 2]);
    await supervisor.stop();
  });

  it('is killed when it does not finish in time', async () => {
    const { supervisor, fakes } = await started(undefined, { drainTimeoutMs: 5_000 });
    fakes.all[0]?.stopHearing();
    const replaced = supervisor.replace(supervisor.workers[0] as Worker);
    await pass(6_000);
    await replaced;
    expect(pidsOf(supervisor)).toEqual([3, 2]);
    await supervisor.stop();
  });
});

it('tells of each report', async () => {
  const reports: unknown[] = [];
  const { supervisor } = await started(undefined, {
    onReport: ({ id, lastReport }) => reports.push([id, lastReport?.lagMs]),
  });
  await pass(1_000);
  expect(reports.length).toBeGreaterThanOrEqual(4);
  expect(reports[0]).toEqual([expect.any(Number), expect.any(Number)]);
  await supervisor.stop();
});
