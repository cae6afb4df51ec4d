import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Chaos } from './workers/chaos.ts';
import { IS_LONG, isAlive } from './workers/children.ts';
import { Ledger } from './workers/ledger.ts';
import { ReloadedApp } from './workers/reloaded-app.ts';

const SEED = Number(process.env['PORTLIGHT_SEED'] ?? Math.floor(Math.random() * 1e9));
/** On this many connections at once; `Infinity` is one that is kept as long as it lives. */
const PER_CONNECTION = [Infinity, Infinity, Infinity, Infinity, 20, 20, 1, 1];

/** What a deed costs at most: the requests that wait for one child. */
const MODES = [
  { mode: 'workers', children: 4, lostByDeed: PER_CONNECTION.length },
  { mode: 'forked', children: 8, lostByDeed: 1 },
] as const;

/** All children serve again. */
async function whole(app: ReloadedApp, { mode, children }: (typeof MODES)[number]): Promise<void> {
  for (;;) {
    const workers = await app.workers().catch(() => []);
    const isEnough = mode === 'forked' ? workers.length <= children : workers.length === children;
    if (workers.length > 0 && isEnough && workers.every(({ state }) => state === 'ready')) return;
    await delay(50);
  }
}

/** The requests that handlers saw. */
function handled(app: ReloadedApp): readonly string[] {
  return [...app.program.output.matchAll(/^once (\d+) by/gm)].map(([, id = '']) => id);
}

/** Every request has an outcome, and a handler saw it at most once, and once where it was answered. */
function expectAccount(app: ReloadedApp, ledger: Ledger): void {
  expect(ledger.errors).toEqual([]);
  expect(ledger.outcomes.size).toBe(ledger.asked);
  const ids = handled(app);
  const once = new Set(ids);
  expect(ids).toHaveLength(once.size);
  const isRight = {
    answered: (id: string) => once.has(id),
    refused: (id: string) => !once.has(id),
    failed: () => true,
  };
  expect([...ledger.outcomes].filter(([id, outcome]) => !isRight[outcome](id))).toEqual([]);
}

describe.each(MODES)('in $mode', { timeout: 400_000 }, (shape) => {
  test.each([
    ['whatever becomes of the processes', undefined, 5_000, IS_LONG ? 1_000 : 400],
    // The other mode has its turn in the long form.
    ...(IS_LONG || shape.mode === 'forked'
      ? ([['while a process is killed each second', ['kill'], 6_000, 1_000]] as const)
      : []),
  ] as const)(`every request has an outcome, %s (seed ${SEED})`, async (_what, deeds, ms, everyMs) => {
    const { mode, children } = shape;
    await using app = await ReloadedApp.start({
      mode,
      children,
      isLogged: false,
      bootTimeoutMs: 5_000,
      unresponsiveTimeoutMs: 2_000,
      drainTimeoutMs: 2_000,
      maxMemoryBytes: 220 * 1_048_576,
    });
    const chaos = new Chaos(app, SEED);
    const ledger = new Ledger(app.port, PER_CONNECTION);
    await chaos.run(IS_LONG ? 60_000 : ms, everyMs, deeds);
    await ledger.stop();
    const [answered, refused, failed] = [ledger.count('answered'), ledger.count('refused'), ledger.count('failed')];
    if (IS_LONG)
      process.stdout.write(
        `${mode}, ${chaos.done.length} deeds, ${chaos.done.join(', ')}: ${answered} answered, ${refused} refused, ${failed} failed\n`,
      );
    expectAccount(app, ledger);
    expect(answered).toBeGreaterThan(100);
    expect(failed).toBeLessThanOrEqual(chaos.done.length * shape.lostByDeed);
    await whole(app, shape);
    const after = new Ledger(app.port, PER_CONNECTION);
    while (after.asked < 200) await delay(20);
    await after.stop();
    expect([after.errors, after.count('answered')]).toEqual([[], after.asked]);
    chaos.look();
    expect(await app.stop()).toBe(0);
    expect([...chaos.seen].filter(isAlive)).toEqual([]);
  });

  test('SIGTERM to all while clients ask ends in order, and what has reached a handler is answered', async () => {
    const { mode, children } = shape;
    await using app = await ReloadedApp.start({ mode, children, isLogged: false });
    const ledger = new Ledger(app.port, PER_CONNECTION);
    while (ledger.count('answered') < 300) await delay(20);
    app.program.killGroup('SIGTERM');
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
    await ledger.stop();
    expectAccount(app, ledger);
    const failed = [...ledger.outcomes].filter(([, outcome]) => outcome === 'failed').map(([id]) => id);
    expect(failed.filter((id) => handled(app).includes(id))).toEqual([]);
  });
});
