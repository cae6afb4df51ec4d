import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { DelayedBus } from './delayed-bus.ts';
import { check, checkEnd, checkTold, ENDS, IDS, type SteppedBus, TOPICS, World } from './outage-world.ts';

const end = fc.constantFrom(...ENDS);
const topic = fc.constantFrom(...TOPICS);
const id = fc.constantFrom(...IDS);
const step = fc.record({
  kind: fc.constant('step' as const),
  end,
  line: fc.constantFrom('call' as const, 'answer' as const, 'message' as const),
  count: fc.constantFrom(1, 1, 2, 100),
});
const cut = fc.record({ kind: fc.constant('cut' as const), end, taken: fc.nat(3), isForgotten: fc.boolean() });
const command = fc.oneof(
  { weight: 30, arbitrary: step },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('publish' as const), end, topic }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      id,
      topic,
      since: fc.constantFrom(undefined, 'earliest'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('leave' as const), id, topic }) },
  { weight: 1, arbitrary: cut },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('restore' as const), end }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), end }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rebirth' as const) }) },
);
test('however the bus fails: nothing is missed in silence, nothing comes twice, one order, and presence heals at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 150, size: 'max' }), async (commands) => {
      const world = new World((topics) => ENDS.map(() => openDelayed(topics)));
      for (const step of commands) await world.play(step);
      for (const bus of world.buses) bus.cut?.();
      await world.flush();
      const due = TOPICS.map((where) => world.due(where));
      for (const bus of world.buses) bus.restore?.(world.topics);
      for (const bus of world.buses) bus.step('call');
      expect(TOPICS.map((where) => world.present(where))).toEqual(due);
      await world.flush();
      for (const stay of world.stays) checkEnd(world, stay);
      world.now += 1;
      for (const where of TOPICS) world.publish(1, where);
      await world.flush();
      for (const stay of world.stays) check(world, stay);
      for (const where of TOPICS) expect(world.present(where)).toEqual(world.due(where));
      const isOneLife = !commands.some((step) => step.kind === 'rebirth' || (step.kind === 'cut' && step.isForgotten));
      if (isOneLife) checkTold(world);
    }),
    { numRuns: 300 },
  );
}, 60_000);

function openDelayed(topics: MemoryTopics): SteppedBus {
  const bus = new DelayedBus(topics);
  return {
    bus,
    get isBusy() {
      return bus.isBusy;
    },
    step: (kind) => bus.step(kind),
    lose: () => bus.lose(),
    cut: (cut) => bus.cut(cut),
    restore: (lost) => bus.restore(lost),
  };
}
