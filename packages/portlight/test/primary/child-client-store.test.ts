import { afterEach, beforeEach, describe, test, vi } from 'vitest';
import { MemoryClientStore } from '../../src/backplane/memory-client-store.ts';
import { MemoryStores } from '../../src/backplane/memory-stores.ts';
import { DEFAULTS } from '../../src/defaults.ts';
import { clientStoreContract, type OpenClientStores } from '../../src/testing/index.ts';
import { TestFamily } from './open-children.ts';

describe('the clients of children keep what a store of clients promises', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test.each(clientStoreContract)('$name', ({ run }) => run(openChildren));
});

function openChildren(most: number): OpenClientStores {
  const family = new TestFamily(new MemoryStores(new MemoryClientStore(most)));
  return {
    ends: family.children.map(({ backplane }) => backplane.clients),
    advance: (ms) => void vi.advanceTimersByTime(ms),
    settle: () => {
      vi.advanceTimersByTime(DEFAULTS.noteRequestsMs);
      return family.settle();
    },
    lose: async (end) => {
      family.children.find(({ backplane }) => backplane.clients === end)?.ports[1].close();
      await family.settle();
    },
    close() {},
  };
}
