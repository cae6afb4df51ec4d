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
  return [[leased], [leased, wide], [wide], [small], [leased, small]];
}

type Command = (world: LeaseWorld) => void | Promise<void>;

const child = fc.nat({ max: CHILDREN - 1 });

/** What may happen, `weight` times as often as what has 1. */
function may<T>(weight: number, of: fc.Arbitrary<T>, command: (value: T) => Command): fc.WeightedArbitrary<Command> {
  return { weight, arbitrary: of.map(command) };
}

function commandOf(kinds: readonly Claims[]): fc.Arbitrary<Command> {
  const claims = fc.constantFrom(...kinds);
  const requests = fc.tuple(child, claims, fc.integer({ min: 1, max: 20 }));
  return fc.oneof(
    may(20, requests, ([index, wanted, count]) => (world) => {
      world.request(index, wanted, count);
      world.endCallback(index);
    }),
    may(
      2,
      requests,
      ([index, wanted, count]) =>
        (world) =>
          world.request(index, wanted, count),
    ),
    may(2, child, (index) => (world) => world.endCallback(index)),
    may(
      12,
      fc.tuple(child, fc.integer({ min: 1, max: 3 })),
      ([index, count]) =>
        (world) =>
          world.deliver(index, count),
    ),
    may(12, child, (first) => (world) => world.judge(first)),
    may(8, fc.constant(undefined), () => (world) => world.settle()),
    may(2, claims, (wanted) => (world) => world.takeThere(wanted)),
    may(6, fc.integer({ min: 1, max: 60 }), (ms) => (world) => world.wait(ms)),
    may(2, fc.integer({ min: 100, max: 320 }), (ms) => (world) => world.wait(ms)),
    may(1, fc.integer({ min: 1_000, max: 7_000 }), (ms) => (world) => world.wait(ms)),
    may(1, child, (index) => (world) => world.kill(index)),
  );
}

const kinds = fc.integer({ min: 16, max: 120 }).chain((max) => fc.subarray([...kindsOf(max)], { minLength: 1 }));
const history = kinds.chain((some) => fc.array(commandOf(some), { maxLength: 200, size: 'max' }));

describe('against a model that keeps every unit, processes that share counts', () => {
  test('admit and deny as promised', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (commands) => {
        const world = new LeaseWorld(CHILDREN);
        for (const run of commands) await run(world);
        expect(world.ledger.violations).toEqual([]);
      }),
      { numRuns: process.env['PORTLIGHT_LONG'] === '1' ? 60_000 : 300 },
    );
  }, 900_000);
});
