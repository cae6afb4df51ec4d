import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import type { SupervisorOptions } from '../../src/supervisor/supervisor-options.ts';
import type { WorkerExit } from '../../src/supervisor/worker.ts';
import { type FakeChild, FakeChildren } from '../../src/testing/fake-children.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Messages within this process take a few turns. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
}

async function pass(ms: number): Promise<void> {
  await settle();
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

function supervise(options: SupervisorOptions = {}, run?: (child: FakeChild) => void) {
  const fakes = new FakeChildren(run);
  const exits: [id: number, exit: WorkerExit][] = [];
  const supervisor = new Supervisor(
    { size: 2, entry: 'app.js', onExit: ({ id }, exit) => exits.push([id, exit]), ...options },
    (command) => fakes.start(command),
  );
  return { supervisor, fakes, exits };
}

/** As above, and ready. */
async function started(options?: SupervisorOptions, run?: (child: FakeChild) => void) {
  const all = supervise(options, run);
  await all.supervisor.start();
  return all;
}

/** What it rejects with, however late that is looked at. */
function failureOf(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a start', () => {
  it('resolves when all are ready, and tells of each before it says anything', async () => {
    const seen: string[] = [];
    const { supervisor, fakes } = supervise(
      {
        onWorker: (worker) => {
          seen.push(`worker ${worker.id} ${worker.state}`);
          worker.link.on('first', () => void seen.push(`first of ${worker.id}`));
          worker.onMessage('first', () => void seen.push(`message of ${worker.id}`));
        },
        onReady: ({ id }) => void seen.push(`ready ${id}`),
      },
      ({ primary }) => {
        primary.link.tell('first');
        void primary.send('first');
        setTimeout(() => primary.ready(), primary.id * 1_000);
      },
    );
    let isStarted = false;
    const start = supervisor.start().then(() => (isStarted = true));
    await pass(1_000);
    expect([isStarted, supervisor.workers.map(({ state }) => state)]).toEqual([false, ['ready', 'starting']]);
    await pass(1_000);
    await start;
    expect(seen.slice(0, 2)).toEqual(['worker 1 starting', 'worker 2 starting']);
    expect(seen.slice(2).toSorted()).toEqual([
      'first of 1',
      'first of 2',
      'message of 1',
      'message of 2',
      'ready 1',
      'ready 2',
    ]);
    expect(fakes.all.map(({ primary: { name, id, key } }) => [name, id, key])).toEqual([
      ['prefork', 1, '1.0'],
      ['prefork', 2, '2.0'],
    ]);
    await supervisor.stop();
  });

  it('rejects with the error of the first child that ends, and leaves none', async () => {
    const { supervisor, fakes } = supervise({}, (child) => {
      if (child.pid === 1) return;
      child.primary.fail(Object.assign(new TypeError('no such database'), { code: 'ENODB' }));
      child.exit(1);
    });
    const failure = supervisor.start();
    await expect(failure).rejects.toMatchObject({
      code: 'ERR_PREFORK_BOOT',
      message: 'Child 2 (process 2) ended before it was ready, with code 1: no such database.',
      cause: { name: 'TypeError', code: 'ENODB', stack: expect.stringContaining('supervisor.test.ts') as unknown },
    });
    expect(fakes.all.map(({ isAlive }) => isAlive)).toEqual([false, false]);
    expect(supervisor.workers).toEqual([]);
  });

  it('rejects with the error of one that fails before any is ready, though it finishes by itself', async () => {
    const { supervisor, fakes } = supervise({}, ({ primary }) => {
      primary.fail(new Error('db gone'));
      primary.drain('uncaught', { isFailure: true });
    });
    await expect(supervisor.start()).rejects.toMatchObject({
      code: 'ERR_PREFORK_BOOT',
      cause: { message: 'db gone' },
    });
    expect(fakes.all).toHaveLength(2);
    expect(supervisor.workers).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'starts again those that %s, sent to all, ended before they listened',
    async (signal) => {
      const { supervisor, fakes } = supervise({}, (child) => {
        if (child.pid <= 2) child.endBy(signal);
        else child.primary.ready();
      });
      const start = supervisor.start();
      await pass(1_000);
      await start;
      expect(fakes.all).toHaveLength(4);
      expect(supervisor.workers.map(({ id, pid, state }) => [id, pid, state])).toEqual([
        [1, 3, 'ready'],
        [2, 4, 'ready'],
      ]);
      await supervisor.stop();
    },
  );

  it('rejects when a child says nothing in time', async () => {
    const { supervisor, fakes } = supervise({ bootTimeoutMs: 3_000 }, () => {});
    const failure = failureOf(supervisor.start());
    await pass(2_999);
    expect(fakes.all.every(({ isAlive }) => isAlive)).toBe(true);
    await pass(1);
    expect(await failure).toMatchObject({
      code: 'ERR_PREFORK_BOOT',
      message: expect.stringContaining('it was not ready within bootTimeoutMs') as unknown,
    });
  });

  it('rejects when the system starts no process', async () => {
    const supervisor = new Supervisor({ size: 2, entry: 'app.js' }, () => {
      throw Object.assign(new Error('There is no room.'), { code: 'EAGAIN' });
    });
    await expect(supervisor.start()).rejects.toMatchObject({
      code: 'ERR_PREFORK_BOOT',
      message: 'Child 1 ended before it was ready, because it could not be started: There is no room.',
      cause: { code: 'EAGAIN' },
    });
  });

  it('waits for one that ends once another was ready, and gives up at ten', async () => {
    const { supervisor, fakes } = supervise({}, (child) => {
      if (child.primary.id === 1) child.primary.ready();
      else setImmediate(() => setImmediate(() => child.exit(7)));
    });
    const failure = failureOf(supervisor.start());
    for (let seconds = 0; seconds < 30; seconds++) await pass(1_000);
    expect(await failure).toMatchObject({
      code: 'ERR_PREFORK_GAVE_UP',
      message: expect.stringContaining('with code 7') as unknown,
    });
    expect(fakes.all).toHaveLength(11);
    expect(fakes.all.some(({ isAlive }) => isAlive)).toBe(false);
  });

  it('is one, however often it is called, and none after a stop', async () => {
    const { supervisor, fakes } = await started();
    await supervisor.start();
    expect(fakes.all).toHaveLength(2);
    await supervisor.stop();
    await expect(supervisor.start()).rejects.toMatchObject({ code: 'ERR_PREFORK_STOPPED' });
    expect(fakes.all).toHaveLength(2);
    const { supervisor: other } = supervise();
    expect(await other.stop()).toEqual([]);
    await expect(other.start()).rejects.toMatchObject({ code: 'ERR_PREFORK_STOPPED' });
  });

  it('that has failed fails the same way when it is asked for again', async () => {
    const { supervisor } = supervise({}, (child) => child.exit(3));
    const failure = await failureOf(supervisor.start());
    expect(failure).toMatchObject({ code: 'ERR_PREFORK_BOOT' });
    expect(await failureOf(supervisor.start())).toBe(failure);
  });

  it('rejects when it is stopped before', async () => {
    const { supervisor, fakes } = supervise({}, () => {});
    const failure = failureOf(supervisor.start());
    await settle();
    const stop = supervisor.stop();
    expect(await failure).toMatchObject({ code: 'ERR_PREFORK_STOPPED' });
    expect((await stop).map(({ id, wasReady, code }) => [id, wasReady, code])).toEqual([
      [1, false, 0],
      [2, false, 0],
    ]);
    expect(fakes.all).toHaveLength(2);
  });
});

describe('a stop', () => {
  it('lets each finish, and tells what came of it', async () => {
    const { supervisor } = await started({}, ({ primary }) => {
      primary.onDrain(async ({ timeoutMs, reason }) => ({ timeoutMs, reason, of: primary.id }));
      primary.ready();
    });
    expect(supervisor.stop({ timeoutMs: 2_000 })).toBe(supervisor.stop());
    expect(await supervisor.stop()).toEqual(
      [1, 2].map((id) => ({
        id,
        key: `${id}.0`,
        pid: id,
        code: 0,
        signal: null,
        wasReady: true,
        wasDraining: true,
        killedFor: undefined,
        hasDrained: true,
        report: { timeoutMs: 2_000, reason: 'stop', of: id },
        error: undefined,
      })),
    );
  });

  it('kills who takes longer, and says so', async () => {
    const { supervisor } = await started({}, ({ primary }) => {
      if (primary.id === 2) primary.onDrain(() => new Promise(() => {}));
      primary.ready();
    });
    const stop = supervisor.stop({ timeoutMs: 2_000 });
    await pass(2_000);
    await pass(500);
    expect((await stop).map(({ id, code, report }) => [id, code, report])).toEqual([
      [1, 0, undefined],
      [2, 1, undefined],
    ]);
  });

  it('kills who does not hear it', async () => {
    const { supervisor, fakes } = await started();
    fakes.all[0]?.stopHearing();
    const stop = supervisor.stop({ timeoutMs: 2_000 });
    await pass(2_150);
    expect((await stop).map(({ id, signal, killedFor }) => [id, signal, killedFor])).toEqual([
      [2, null, undefined],
      [1, 'SIGKILL', 'drain-timeout'],
    ]);
  });

  it.each([
    ['is in time with what comes after its deadline', 1_900, [0, null, true]],
    ['is ended when its grace is over', 5_000, [1, null, false]],
  ])('gives one that lives its grace: it %s', async (_what, lateMs, outcome) => {
    const { supervisor } = await started({ size: 1, graceMs: 2_000 }, ({ primary }) => {
      primary.onDrain(({ timeoutMs }) => new Promise((resolve) => setTimeout(resolve, timeoutMs + lateMs)));
      primary.ready();
    });
    const stop = supervisor.stop({ timeoutMs: 1_000 });
    await pass(1_000);
    await pass(2_150);
    expect((await stop).map(({ code, signal, hasDrained }) => [code, signal, hasDrained])).toEqual([outcome]);
  });

  it('kills one that has finished and does not end, in spite of its grace', async () => {
    const { supervisor, fakes } = await started({ size: 1, graceMs: 60_000 });
    const [child] = fakes.all;
    if (child !== undefined) child.exit = () => {};
    const stop = supervisor.stop({ timeoutMs: 1_000 });
    await pass(1_000);
    await pass(600);
    expect(await stop).toMatchObject([{ signal: 'SIGKILL', killedFor: 'drain-timeout', hasDrained: true }]);
  });

  it('lets a child hear it, however short its time is', async () => {
    const { supervisor } = await started({ size: 1 }, ({ primary }) => {
      primary.onDrain(() => new Promise((resolve) => setTimeout(resolve, 200)));
      primary.ready();
    });
    const stop = supervisor.stop({ timeoutMs: 0 });
    await pass(250);
    expect(await stop).toMatchObject([{ code: 0, killedFor: undefined, hasDrained: true }]);
  });

  it('ends at once when it has to', async () => {
    const { supervisor } = await started({}, ({ primary }) => {
      primary.onDrain(() => new Promise(() => {}));
      primary.ready();
    });
    const stop = supervisor.stop();
    await settle();
    supervisor.kill();
    expect((await stop).map(({ killedFor }) => killedFor)).toEqual(['kill', 'kill']);
  });

  it('takes a drain that fails for one that is over, and tells the error', async () => {
    const { supervisor } = await started({ size: 1 }, ({ primary }) => {
      primary.onError(() => {});
      primary.onDrain(() => Promise.reject(new Error('the disk is full')));
      primary.ready();
    });
    const [stopped] = await supervisor.stop();
    expect(stopped).toMatchObject({ code: 1, error: { message: 'the disk is full' }, killedFor: undefined });
  });

  it('starts nobody anew', async () => {
    const { supervisor, fakes } = await started();
    fakes.all[0]?.exit(1);
    await settle();
    const stop = supervisor.stop();
    await pass(60_000);
    expect(await stop).toHaveLength(fakes.all.length - 1);
    expect(fakes.all.length).toBeLessThanOrEqual(3);
  });
});

describe('a worker', () => {
  it('is replaced at once when it dies, and later when it goes on dying', async () => {
    const { supervisor, fakes, exits } = await started({ size: 1 });
    fakes.all[0]?.kill('SIGKILL');
    await pass(0);
    expect(fakes.all).toHaveLength(2);
    expect(exits).toMatchObject([[1, { signal: 'SIGKILL', wasReady: true, wasDraining: false, killedFor: undefined }]]);
    expect(supervisor.workers).toMatchObject([{ id: 1, key: '1.1', pid: 2, restarts: 1, state: 'ready' }]);
    fakes.all[1]?.exit(0);
    await pass(50);
    expect(fakes.all).toHaveLength(2);
    await pass(50);
    expect(fakes.all).toHaveLength(3);
    await supervisor.stop();
  });

  it('that is told to end by somebody else finishes, and is replaced meanwhile', async () => {
    let finish: () => void = () => {};
    const { supervisor, fakes, exits } = await started({}, ({ pid, primary }) => {
      if (pid === 1) primary.onDrain(({ reason }) => new Promise((resolve) => (finish = () => resolve(reason))));
      primary.ready();
    });
    fakes.all[0]?.kill('SIGTERM');
    await pass(100);
    expect(supervisor.workers.map(({ id, pid, state }) => [id, pid, state])).toEqual([
      [1, 1, 'draining'],
      [1, 3, 'ready'],
      [2, 2, 'ready'],
    ]);
    finish();
    await settle();
    expect(exits).toMatchObject([[1, { code: 0, wasDraining: true, report: 'SIGTERM' }]]);
    expect(fakes.all).toHaveLength(3);
    await supervisor.stop();
  });

  it('that finishes because it failed is replaced as one that died', async () => {
    const { supervisor, fakes } = await started({ size: 1 });
    for (let times = 0; times < 2; times++) {
      fakes.all.at(-1)?.primary.drain('uncaught', { isFailure: true });
      await pass(0);
    }
    expect(fakes.all).toHaveLength(2);
    await pass(100);
    expect(fakes.all).toHaveLength(3);
    await supervisor.stop();
  });

  it('that says nothing is killed and replaced, and one that reports is not', async () => {
    const { supervisor, fakes, exits } = await started({ unresponsiveTimeoutMs: 4_000 });
    await pass(10_000);
    expect(exits).toEqual([]);
    expect(supervisor.workers.map(({ lastReport }) => lastReport)).toEqual(
      Array.from({ length: 2 }, () => ({ lagMs: expect.any(Number), memoryBytes: expect.any(Number) })),
    );
    fakes.all[0]?.freeze();
    for (let seconds = 0; seconds < 6; seconds++) await pass(1_000);
    expect(exits).toMatchObject([[1, { killedFor: 'unresponsive', signal: 'SIGKILL' }]]);
    expect(fakes.all).toHaveLength(3);
    await supervisor.stop();
  });

  it('is given no blame for a primary that was stopped itself', async () => {
    const { supervisor, exits } = await started({ unresponsiveTimeoutMs: 4_000 });
    await pass(500);
    // An hour in which no timer fires.
    vi.setSystemTime(Date.now());
    const now = performance.now.bind(performance);
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() + 3_600_000);
    await pass(1_000);
    expect(exits).toEqual([]);
    spy.mockRestore();
    await supervisor.stop();
  });

  it('tells what it likes in its reports, and what it cannot say harms nobody', async () => {
    const errors: unknown[] = [];
    const { supervisor } = await started({}, ({ primary }) => {
      primary.onError((error) => errors.push(error));
      primary.report(() => (primary.id === 1 ? { connections: 3, lagMs: -1 } : { big: 1n }));
      primary.ready();
    });
    await settle();
    const [one, two] = supervisor.workers;
    expect(one?.lastReport).toEqual({ connections: 3, lagMs: 0, memoryBytes: expect.any(Number) });
    expect(two?.lastReport).toEqual({ lagMs: 0, memoryBytes: expect.any(Number) });
    expect(errors).toEqual([expect.any(TypeError)]);
    await supervisor.stop();
  });
});

describe('giving up', () => {
  it('is told once, with the last error, and not before the last one that serves has ended', async () => {
    const gaveUp: unknown[] = [];
    const { supervisor, fakes } = await started({ onGaveUp: (error) => gaveUp.push(error) }, (child) => {
      if (child.pid <= 2) child.primary.ready();
      else {
        child.primary.fail(new Error('the database is gone'));
        child.exit(1);
      }
    });
    fakes.all[0]?.exit(1);
    for (let seconds = 0; seconds < 300; seconds++) await pass(1_000);
    expect(gaveUp).toEqual([]);
    expect(supervisor.workers.map(({ id, state }) => [id, state])).toEqual([[2, 'ready']]);
    // Two and those of five minutes, of which the later ones come each half minute.
    expect(fakes.all.length).toBeGreaterThan(15);
    expect(fakes.all.length).toBeLessThan(30);
    fakes.all[1]?.exit(1);
    for (let seconds = 0; seconds < 60; seconds++) await pass(1_000);
    expect(gaveUp).toMatchObject([{ code: 'ERR_PREFORK_GAVE_UP', cause: { message: 'the database is gone' } }]);
    expect(fakes.all.some(({ isAlive }) => isAlive)).toBe(false);
    await supervisor.stop();
  });
});

describe('a hook that throws', () => {
  it('is logged, and changes nothing', async () => {
    const lines: string[] = [];
    const log = (_fields: object, line: string): void => void lines.push(line);
    const throwing = (): never => {
      throw new Error('mine');
    };
    const { supervisor } = await started({
      size: 1,
      onWorker: throwing,
      onReady: throwing,
      onExit: throwing,
      log: { debug() {}, info: log, warn: log, error: log },
    });
    await supervisor.stop();
    expect(lines).toEqual(Array.from({ length: 3 }, () => 'A hook of the supervisor failed.'));
  });
});

describe('options', () => {
  it.each([
    { size: 0 },
    { size: 1.5 },
    { size: Number.NaN },
    { bootTimeoutMs: 0 },
    { bootTimeoutMs: Infinity },
    { unresponsiveTimeoutMs: -1 },
    { drainTimeoutMs: 2 ** 31 },
    { graceMs: -1 },
  ])('refuse %o', (options) => {
    expect(() => supervise(options)).toThrow(expect.objectContaining({ code: 'ERR_PREFORK_CONFIG' }));
  });

  it('need a file to start', () => {
    vi.spyOn(process, 'argv', 'get').mockReturnValue([process.execPath]);
    expect(() => new Supervisor()).toThrow(expect.objectContaining({ code: 'ERR_PREFORK_NO_ENTRY' }));
    expect(new Supervisor({ entry: 'app.js' }).workers).toEqual([]);
  });

  it('let a child be silent for ever', async () => {
    const { supervisor, fakes, exits } = await started({ unresponsiveTimeoutMs: Infinity });
    fakes.all[0]?.freeze();
    await pass(100_000);
    expect(exits).toEqual([]);
    await supervisor.stop({ timeoutMs: 1 }).catch(() => {});
  });
});
