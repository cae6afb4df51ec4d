import { Link } from '@portlight/prefork';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryClientStore } from '../../src/backplane/memory-client-store.ts';
import { MemoryStores } from '../../src/backplane/memory-stores.ts';
import type { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { ChildBackplane } from '../../src/primary/child-backplane.ts';
import { PrimaryDesk } from '../../src/primary/primary-desk.ts';
import { check, checkEnd, checkTold, ENDS, IDS, type SteppedBus, TOPICS, World } from '../hub/outage-world.ts';
import { SteppedPort } from './stepped-port.ts';

const end = fc.constantFrom(...ENDS);
const topic = fc.constantFrom(...TOPICS);
const id = fc.constantFrom(...IDS);
const command = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('step' as const),
      end,
      line: fc.constantFrom('call' as const, 'message' as const),
      count: fc.constantFrom(1, 1, 2, 100),
    }),
  },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('publish' as const), end, topic }) },
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
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
);

/** A child whose way to the primary has room for so many bytes. */
function openChild(desk: PrimaryDesk, owner: string): SteppedBus {
  const [primary, child] = SteppedPort.join();
  desk.serve(new Link(primary), owner);
  const { bus } = new ChildBackplane(new Link(child));
  return {
    bus,
    get isBusy() {
      return primary.pendingBytes + child.pendingBytes > 0;
    },
    step: (kind) => (kind === 'call' ? child : primary).step(),
  };
}

function openChildren(topics: MemoryTopics, maxWaitingBytes: number): readonly SteppedBus[] {
  const encode = Link.encode.bind(Link);
  const desk = new PrimaryDesk(new MemoryStores(new MemoryClientStore(1), topics), encode, maxWaitingBytes);
  return ENDS.map((each) => openChild(desk, `child ${each}`));
}

test.each([
  { room: 'enough', maxWaitingBytes: 1_000_000 },
  { room: 'little', maxWaitingBytes: 600 },
])(
  'with $room room in the pipes: nothing is missed in silence, nothing comes twice, one order, and presence is told once',
  async ({ maxWaitingBytes }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 120, size: 'max' }), async (commands) => {
        const world = new World((topics) => openChildren(topics, maxWaitingBytes));
        for (const step of commands) await world.play(step);
        await world.flush();
        for (const where of TOPICS) expect(world.present(where)).toEqual(world.due(where));
        for (const stay of world.stays) checkEnd(world, stay);
        world.now += 1;
        for (const where of TOPICS) world.publish(1, where);
        await world.flush();
        for (const stay of world.stays) check(world, stay);
        for (const where of TOPICS) expect(world.present(where)).toEqual(world.due(where));
        checkTold(world);
      }),
      { numRuns: 100 },
    );
  },
  60_000,
);
