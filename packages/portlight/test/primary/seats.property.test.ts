import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ADDRESSES, SeatedChild, SeatWorld } from './seat-world.ts';

const child = fc.nat(5);
const key = fc.constantFrom(...ADDRESSES);
const command = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ kind: fc.constant('open' as const), child, key, times: fc.constantFrom(1, 1, 3, 20) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('close' as const), child, times: fc.constantFrom(1, 1, 3, 20) }),
  },
  {
    weight: 30,
    arbitrary: fc.record({ kind: fc.constant('toPrimary' as const), child, times: fc.constantFrom(1, 2, 9) }),
  },
  {
    weight: 30,
    arbitrary: fc.record({ kind: fc.constant('toChild' as const), child, times: fc.constantFrom(1, 2, 9) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('late' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), child }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('come' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer Each> ? Each : never;

function play(world: SeatWorld, step: Command): void {
  const times = 'times' in step ? step.times : 1;
  const [owner, child] = 'child' in step ? world.find(step.child) : ['', new SeatedChild()];
  for (let n = 0; n < times; n += 1) {
    if (step.kind === 'open') world.open(child, step.key);
    else if (step.kind === 'close') world.close(child);
    else if (step.kind === 'toPrimary') world.toPrimary(owner, child);
    else if (step.kind === 'toChild') world.toChild(child);
    else if (step.kind === 'die') world.die(owner);
    else if (step.kind === 'come') world.come();
    else if (step.kind === 'late') world.late();
    else world.settle();
    if (step.kind !== 'close') world.check();
  }
}

const isExact = fc.boolean();
const limits = fc.oneof(
  fc.record({ most: fc.integer({ min: 1, max: 12 }), mostPerAddress: fc.integer({ min: 1, max: 12 }), isExact }),
  fc.record({ most: fc.integer({ min: 1, max: 300 }), mostPerAddress: fc.integer({ min: 1, max: 100 }), isExact }),
);

test('however slow, silent or dead the processes: never too many, nobody refused for nothing, and nothing is left', () => {
  fc.assert(
    fc.property(
      limits,
      fc.integer({ min: 1, max: 4 }),
      fc.array(command, { maxLength: 200, size: 'max' }),
      (most, count, commands) => {
        const world = new SeatWorld(most, count);
        for (const step of commands) play(world, step);
        world.settle();
        for (const child of world.children.values()) while (child.seated.length > 0) world.close(child);
        world.settle();
        expect(world.addresses).toBe(0);
        if (most.isExact) world.stopAllButFirst();
        // All of it can be had again, by one process and for one address.
        const [first] = [...world.children.values()] as [SeatedChild];
        const room = Math.min(most.most, most.mostPerAddress);
        for (let n = 0; n < room; n += 1) {
          world.open(first, 'one');
          world.settle();
        }
        expect(first.seated.length).toBe(room);
        const before = world.refused.length;
        world.open(first, 'one');
        world.settle();
        expect(world.refused.length).toBe(before + 1);
      },
    ),
    { numRuns: 200 },
  );
}, 60_000);
