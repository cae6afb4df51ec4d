import { describe, test } from 'vitest';
import { LeaseCounter, LeasedRateLimitStore, MemoryRateLimitStore } from '../src/index.ts';
import { storeContract } from '../src/testing.ts';
import { joinLines } from './support/joined-lines.ts';
import { loopAt } from './support/loop-at.ts';

describe('the store in memory', () => {
  test.each(storeContract)('$name', ({ run }) => run((now) => new MemoryRateLimitStore({ now })));
});

describe('the store that counts for others, for itself', () => {
  test.each(storeContract)('$name', ({ run }) => run((now) => new LeaseCounter({ loop: loopAt(now) })));
});

describe('the store that asks another one', () => {
  test.each(storeContract)('$name', ({ run }) =>
    run((now) => {
      const [near, far] = joinLines();
      new LeaseCounter({ loop: loopAt(now) }).attach(far);
      return new LeasedRateLimitStore(near, { loop: loopAt(now) });
    }),
  );
});
