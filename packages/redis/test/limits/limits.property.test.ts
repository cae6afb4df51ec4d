import type { RateLimitPolicy } from '@portlight/rate-limit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedisLink } from '../../src/link/redis-link.ts';
import { openLink } from '../support/open-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { type Claims, LimitsWorld } from './limits-world.ts';

const MACHINES = 2;
const WINDOW_MS = 6_400;

type Command = (world: LimitsWorld) => Promise<void>;

let server: RedisServer;
let link: RedisLink;
let histories = 0;

beforeAll(async () => {
  if (!HAS_REDIS) return;
  server = await RedisServer.start();
  link = await openLink(server.url);
});

afterAll(async () => {
  if (!HAS_REDIS) return;
  await link.close();
  await server[Symbol.asyncDispose]();
});

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

const machine = fc.nat({ max: MACHINES - 1 });
const taker = fc.nat({ max: 1 });

/** What may happen, `weight` times as often as what has 1. */
function may<T>(weight: number, of: fc.Arbitrary<T>, command: (value: T) => Command): fc.WeightedArbitrary<Command> {
  return { weight, arbitrary: of.map(command) };
}

/** Nothing is lost, and nobody goes. */
function lifeOf(kinds: readonly Claims[]): fc.WeightedArbitrary<Command>[] {
  const requests = fc.tuple(machine, taker, fc.constantFrom(...kinds), fc.integer({ min: 1, max: 20 }));
  const some = fc.integer({ min: 1, max: 3 });
  return [
    may(20, requests, (args) => (world) => world.request(...args)),
    may(12, fc.tuple(machine, some), (args) => (world) => world.execute(...args)),
    may(12, fc.tuple(machine, some), (args) => (world) => world.reply(...args)),
    may(6, machine, (at) => (world) => world.publish(at)),
    may(8, fc.tuple(machine, taker, some), (args) => (world) => world.read(...args)),
    may(10, fc.constant(undefined), () => (world) => world.settle()),
    may(6, fc.integer({ min: 1, max: 60 }), (ms) => (world) => world.wait(ms)),
    may(2, fc.integer({ min: 100, max: 320 }), (ms) => (world) => world.wait(ms)),
    may(1, fc.integer({ min: 1_000, max: 7_000 }), (ms) => (world) => world.wait(ms)),
    may(1, machine, (at) => (world) => world.kill(at)),
  ];
}

const FAULTS: readonly fc.WeightedArbitrary<Command>[] = [
  may(2, machine, (at) => (world) => world.execute(at, 1, true)),
  may(2, machine, (at) => (world) => world.publish(at, true)),
  may(1, machine, (at) => (world) => world.cut(at)),
  may(2, machine, (at) => (world) => world.mend(at)),
  may(1, machine, (at) => (world) => world.crash(at)),
];

function historyOf(faults: readonly fc.WeightedArbitrary<Command>[]) {
  const kinds = fc.integer({ min: 16, max: 120 }).chain((max) => fc.subarray([...kindsOf(max)], { minLength: 1 }));
  return kinds.chain((some) =>
    fc.tuple(fc.constant(some), fc.array(fc.oneof(...lifeOf(some), ...faults), { maxLength: 150, size: 'max' })),
  );
}

async function play(kinds: readonly Claims[], commands: readonly Command[]): Promise<LimitsWorld> {
  const world = new LimitsWorld(link, `history${++histories}`, MACHINES, kinds);
  for (const run of commands) await run(world);
  return world;
}

const numRuns = Number(process.env['PORTLIGHT_RUNS'] ?? (process.env['PORTLIGHT_LONG'] === '1' ? 5_000 : 60));

describe.runIf(HAS_REDIS)('against a model that keeps every unit, machines that share counts in Redis', () => {
  test('admit and deny as promised', async () => {
    await fc.assert(
      fc.asyncProperty(historyOf([]), async ([kinds, commands]) => {
        expect((await play(kinds, commands)).ledger.violations).toEqual([]);
      }),
      { numRuns },
    );
  }, 3_600_000);

  test('admit no more than promised while anything may be lost', async () => {
    await fc.assert(
      fc.asyncProperty(historyOf(FAULTS), async ([kinds, commands]) => {
        expect((await play(kinds, commands)).ledger.violations).toEqual([]);
      }),
      { numRuns },
    );
  }, 3_600_000);
});
