import { describe, test } from 'vitest';
import { MemoryClientStore } from '../../src/backplane/memory-client-store.ts';
import { MemoryStores } from '../../src/backplane/memory-stores.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { busContract, type OpenBuses } from '../../src/testing/index.ts';
import { TestFamily } from './open-children.ts';

describe('the bus of children keeps what a bus promises', () => {
  test.each(busContract)('$name', ({ run }) => run(openChildren));
});

function openChildren(): OpenBuses {
  let now = 0;
  const family = new TestFamily(new MemoryStores(new MemoryClientStore(10), new MemoryTopics({ now: () => now })));
  return {
    ends: family.children.map(({ backplane }) => backplane.bus),
    advance: (ms) => void (now += ms),
    settle: () => family.settle(),
    lose: async (end) => {
      family.children.find(({ backplane }) => backplane.bus === end)?.ports[1].close();
      await family.settle();
    },
    close() {},
  };
}
