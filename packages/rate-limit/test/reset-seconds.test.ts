import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPolicy, MemoryRateLimitStore } from '../src/index.ts';

test('resetSeconds is never longer than the window, whatever fraction of a millisecond the clock shows', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e9, noNaN: true }),
      fc.integer({ min: 1, max: 3_600 }),
      fc.constantFrom('sliding-window' as const, 'token-bucket' as const),
      (now, windowSeconds, algorithm) => {
        const store = new MemoryRateLimitStore({ now: () => now });
        const claim = { key: 'a', policy: createPolicy({ max: 1, windowSeconds, algorithm }) };
        expect(store.take([claim])[0]?.resetSeconds).toBe(windowSeconds);
      },
    ),
    { numRuns: 2_000 },
  );
});
