import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageRate } from '../../src/guards/message-rate.ts';

test('lets no more than the limit through, wherever a second begins', () => {
  const rate = new MessageRate(3);
  const taken = (now: number): number => [1, 2, 3, 4].filter(() => rate.take(now)).length;
  expect([taken(999), taken(1_001), taken(1_998), taken(1_999)]).toEqual([3, 0, 0, 3]);
});

test('denies nobody who keeps to it', () => {
  const rate = new MessageRate(10);
  for (let now = 0; now < 20_000; now += 107) expect(rate.take(now)).toBe(true);
});

test('holds in any second of any traffic', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.nat({ max: 200 }), { maxLength: 200 }),
      (limit, pauses) => {
        const rate = new MessageRate(limit);
        const through: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          if (rate.take(now)) through.push(now);
          expect(through.filter((at) => at > now - 1_000).length).toBeLessThanOrEqual(limit);
        }
      },
    ),
  );
});
