import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RateLimitPolicy } from '../../src/index.ts';
import { type Claims, LeaseWorld } from './lease-world.ts';

const CHILDREN = 3;
const WINDOW_MS = 6_400;

function policyOf(name: string, max: number): RateLimitPolicy {
  return { name, max, windowMs: WINDOW_MS, algorithm: 'sliding-window' };
}

/** What is claimed: of leased policies, of such as are not, of several at once. */
function kindsOf(max: number): readonly Claims[] {
  const leased = { policy: policyOf('leased', max), key: 'a' };
  const wide = { policy: policyOf('wide', max * 2), key: 'a' };
  const small = { policy: policyOf('small', 3), key: 'a' };
  return [[leased], [leased], [leased, wide], [wide], [small], [leased, small]];
}

type Command = (world: LeaseWorld) => void | Promise<void>;

const child = fc.nat({ max: CHILDREN - 1 });

function commands(kinds: readonly Claims[]): fc.Arbitrary<Command> {
  const claims = fc.constantFrom(...kinds);
  const request = fc.tuple(child, claims, fc.integer({ min: 1, max: 8 }));
  const wait = (min: number, max: number): fc.Arbitrary<Command> =>
    fc.integer({ min, max }).map((ms) => (world) => world.wait(ms));
  return fc.oneof(
    {
      weight: 10,
      arbitrary: request.map(([index, wanted, count]): Command => (world) => {
        world.request(index, wanted, count);
        world.endCallback(index);
      }),
    },
    {
      weight: 1,
      arbitrary: request.map(
        ([index, wanted, count]): Command =>
          (world) =>
            world.request(index, wanted, count),
      ),
    },
    {
      weight: 1,
      arbitrary: child.map(
        (index): Command =>
          (world) =>
            world.endCallback(index),
      ),
    },
    {
      weight: 8,
      arbitrary: child.map(
        (index): Command =>
          (world) =>
            world.deliver(index),
      ),
    },
    {
      weight: 8,
      arbitrary: child.map(
        (first): Command =>
          (world) =>
            world.judge(first),
      ),
    },
    {
      weight: 1,
      arbitrary: claims.map(
        (wanted): Command =>
          (world) =>
            world.takeThere(wanted),
      ),
    },
    { weight: 4, arbitrary: wait(1, 90) },
    { weight: 2, arbitrary: wait(90, 400) },
    { weight: 1, arbitrary: wait(1_000, 7_000) },
    {
      weight: 1,
      arbitrary: child.map(
        (index): Command =>
          (world) =>
            world.kill(index),
      ),
    },
  );
}

describe('against a model that keeps every unit, processes that share counts', () => {
  test.each([16, 24, 40, 100])('admit and deny as promised at a limit of %d', async (max) => {
    await fc.assert(
      fc.asyncProperty(fc.array(commands(kindsOf(max)), { maxLength: 200, size: 'max' }), async (all) => {
        const world = new LeaseWorld(CHILDREN);
        for (const run of all) await run(world);
        expect(world.ledger.violations).toEqual([]);
      }),
      { numRuns: process.env['PORTLIGHT_LONG'] === '1' ? 60_000 : 500 },
    );
  });
});
