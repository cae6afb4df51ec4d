import fc from 'fast-check';
import { parseList } from 'structured-headers';
import { describe, expect, test } from 'vitest';
import { createPolicy, formatRateLimit, MemoryRateLimitStore, type RateLimitDecision } from '../src/index.ts';

const minute = createPolicy({ max: 100, windowSeconds: 60 });
const day = createPolicy({ name: 'day', max: 5_000, windowSeconds: 86_400 });

describe('the RateLimit fields (draft-ietf-httpapi-ratelimit-headers-11)', () => {
  test('of one policy', () => {
    expect(formatRateLimit([{ policy: minute, isAllowed: true, remaining: 50, resetSeconds: 0 }])).toEqual({
      'ratelimit-policy': '"default";q=100;w=60',
      ratelimit: '"default";r=50;t=0',
    });
  });

  test('of several policies, with the longest wait of those that deny', () => {
    const decisions = [
      { policy: minute, isAllowed: false, remaining: 0, resetSeconds: 30 },
      { policy: day, isAllowed: true, remaining: 0, resetSeconds: 7_000 },
      {
        policy: createPolicy({ name: 'hour', max: 1, windowSeconds: 3_600 }),
        isAllowed: false,
        remaining: 0,
        resetSeconds: 31,
      },
    ];
    expect(formatRateLimit(decisions)).toEqual({
      'ratelimit-policy': '"default";q=100;w=60, "day";q=5000;w=86400, "hour";q=1;w=3600',
      ratelimit: '"default";r=0;t=30, "day";r=0;t=7000, "hour";r=0;t=31',
      'retry-after': '31',
    });
  });

  test('say when to come back to whom a store denies', () => {
    const store = new MemoryRateLimitStore({ now: () => 0 });
    const claims = [{ key: 'a', policy: createPolicy({ max: 1, windowSeconds: 60 }) }];
    expect(formatRateLimit(store.take(claims))).toEqual({
      'ratelimit-policy': '"default";q=1;w=60',
      ratelimit: '"default";r=0;t=60',
    });
    expect(formatRateLimit(store.take(claims))).toEqual({
      'ratelimit-policy': '"default";q=1;w=60',
      ratelimit: '"default";r=0;t=60',
      'retry-after': '60',
    });
  });

  test('say that somebody is denied also where that is over at once', () => {
    expect(formatRateLimit([{ policy: minute, isAllowed: false, remaining: 0, resetSeconds: 0 }])).toEqual({
      'ratelimit-policy': '"default";q=100;w=60',
      ratelimit: '"default";r=0;t=0',
      'retry-after': '1',
    });
  });

  test('quote a name as a structured field does', () => {
    const policy = createPolicy({ name: 'a "b" \\ c', max: 1, windowSeconds: 1 });
    expect(formatRateLimit([{ policy, isAllowed: true, remaining: 0, resetSeconds: 1 }]).ratelimit).toBe(
      '"a \\"b\\" \\\\ c";r=0;t=1',
    );
  });

  test('are read by a parser of structured fields as they were meant', () => {
    const name = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 64,
    });
    const decision = fc
      .record({
        name,
        max: fc.integer({ min: 1, max: 1_000_000_000 }),
        windowSeconds: fc.integer({ min: 1, max: 2_678_400 }),
        isAllowed: fc.boolean(),
        remaining: fc.nat(),
        resetSeconds: fc.nat(),
      })
      .map(({ name, max, windowSeconds, isAllowed, remaining, resetSeconds }): RateLimitDecision => ({
        policy: createPolicy({ name, max, windowSeconds }),
        isAllowed,
        remaining,
        resetSeconds,
      }));
    fc.assert(
      fc.property(fc.array(decision, { minLength: 1, maxLength: 4 }), (decisions) => {
        const fields = formatRateLimit(decisions);
        expect(parseList(fields['ratelimit-policy'])).toEqual(
          decisions.map(({ policy }) => [
            policy.name,
            new Map([
              ['q', policy.max],
              ['w', policy.windowMs / 1_000],
            ]),
          ]),
        );
        expect(parseList(fields.ratelimit)).toEqual(
          decisions.map(({ policy, remaining, resetSeconds }) => [
            policy.name,
            new Map([
              ['r', remaining],
              ['t', resetSeconds],
            ]),
          ]),
        );
        expect(fields['retry-after'] ?? '0').toBe(
          String(
            Math.max(
              0,
              ...decisions.filter(({ isAllowed }) => !isAllowed).map(({ resetSeconds }) => Math.max(1, resetSeconds)),
            ),
          ),
        );
      }),
    );
  });
});
