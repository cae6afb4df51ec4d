import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Chaos } from './workers/chaos.ts';
import { IS_LONG, isAlive } from './workers/children.ts';
import { Ledger } from './workers/ledger.ts';
import { ReloadedApp } from './workers/reloaded-app.ts';

const SEED = Number(process.env['PORTLIGHT_SEED'] ?? Math.floor(Math.random() * 1e9));
const CHILDREN = 4;
/** On this many connections at once; `Infinity` is one that is kept as long as it lives. */
const PER_CONNECTION = [Infinity, Infinity, Infinity, Infinity, 20, 20, 1, 1];

/** All children serve again. */
async function whole(app: ReloadedApp): Promise<void> {
  for (;;) {
    const workers = await app.workers().catch(() => []);
    if (workers.filter(({ state }) => state === 'ready').length === CHILDREN) return;
    await delay(50);
  }
}

test(
  `every request has an outcome, whatever becomes of the processes (seed ${SEED})`,
  { timeout: 400_000 },
  async () => {
    await using app = await ReloadedApp.start({
      children: CHILDREN,
      isLogged: false,
      unresponsiveTimeoutMs: 2_000,
      drainTimeoutMs: 2_000,
    });
    const chaos = new Chaos(app, SEED);
    const ledger = new Ledger(app.port, PER_CONNECTION);
    await chaos.run(IS_LONG ? 60_000 : 8_000, IS_LONG ? 1_000 : 500);
    await ledger.stop();
    const [answered, failed] = [ledger.count('answered'), ledger.count('failed')];
    if (IS_LONG) process.stdout.write(`${chaos.done.join(', ')}: ${answered} answered, ${failed} failed\n`);
    expect(ledger.errors).toEqual([]);
    expect(answered + failed).toBe(ledger.asked);
    // Handlers saw each at most once, and whatever was answered.
    const handled = [...app.program.output.matchAll(/^once (\d+) by/gm)].map(([, id]) => id);
    const once = new Set(handled);
    expect(handled).toHaveLength(once.size);
    expect([...ledger.outcomes].filter(([id, outcome]) => outcome === 'answered' && !once.has(id))).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    // No deed costs a client more than the one request that it waits for.
    expect(failed).toBeLessThanOrEqual(chaos.done.length * PER_CONNECTION.length);
    await whole(app);
    const after = new Ledger(app.port, PER_CONNECTION);
    while (after.asked < 200) await delay(20);
    await after.stop();
    expect([after.errors, after.count('failed')]).toEqual([[], 0]);
    chaos.look();
    expect(await app.stop()).toBe(0);
    expect([...chaos.seen].filter(isAlive)).toEqual([]);
  },
);
