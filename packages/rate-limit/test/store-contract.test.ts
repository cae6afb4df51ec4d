import { describe, test } from 'vitest';
import { MemoryRateLimitStore } from '../src/index.ts';
import { storeContract } from '../src/testing.ts';

describe('the store in memory', () => {
  test.each(storeContract)('$name', ({ run }) => run((now) => new MemoryRateLimitStore({ now })));
});
