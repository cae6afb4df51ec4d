import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LeaseWorld } from './lease-world.ts';

const CHILDREN = 3;
const child = fc.nat({ max: CHILDREN - 1 });

type Command = (world: LeaseWorld) => void;

const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(child, fc.integer({ min: 1, max: 6 })).map(([index, count]): Command => (world) => {
      for (let times = 0; times < count; times++) world.request(index);
    }),
  },
  {
    weight: 6,
    arbitrary: child.map(
      (index): Command =>
        (world) =>
          world.deliver(index),
    ),
  },
  { weight: 6, arbitrary: fc.constant<Command>((world) => world.judge()) },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 400 }).map(
      (ms): Command =>
        (world) =>
          void (world.now += ms),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1_000, max: 7_000 }).map(
      (ms): Command =>
        (world) =>
          void (world.now += ms),
    ),
  },
  {
    weight: 1,
    arbitrary: child.map(
      (index): Command =>
        (world) =>
          world.kill(index),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Command>((world) => world.loseSilent()) },
);

test.each([1, 2, 5, 20])('a limit of %d holds for all processes together, and denies nobody too early', (max) => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200, size: 'max' }), (commands) => {
      const world = new LeaseWorld({ name: 'p', max, windowMs: 6_400, algorithm: 'sliding-window' }, CHILDREN);
      for (const run of commands) run(world);
      expect(world.violations).toEqual([]);
    }),
    { numRuns: process.env['PORTLIGHT_LONG'] === '1' ? 60_000 : 1_000 },
  );
});
