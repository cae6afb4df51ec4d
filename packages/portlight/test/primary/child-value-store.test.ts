import { describe, test } from 'vitest';
import { MemoryClientStore } from '../../src/backplane/memory-client-store.ts';
import { MemoryStores } from '../../src/backplane/memory-stores.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { MemoryValueStore } from '../../src/backplane/memory-value-store.ts';
import { valueStoreContract } from '../../src/testing/index.ts';
import { TestFamily } from './open-children.ts';

describe('the values of children keep what a store of values promises', () => {
  test.each(valueStoreContract)('$name', ({ run }) =>
    run(() => {
      let now = 0;
      const values = new MemoryValueStore(1_000_000, () => now);
      const family = new TestFamily(new MemoryStores(new MemoryClientStore(10), new MemoryTopics(), values));
      return {
        ends: family.children.map(({ backplane }) => backplane.values),
        advance: (ms) => void (now += ms),
        close() {},
      };
    }),
  );
});
