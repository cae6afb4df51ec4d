import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPolicy, MemoryRateLimitStore, type RateLimitPolicy } from '../../src/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Moment, scheduleOf, WINDOW_SECONDS } from '../support/schedules.ts';

/** Keeps the time of every unit that was admitted, for each policy and key. */
class EveryUnit {
  readonly #times = new Map<RateLimitPolicy, Map<string, number[]>>();

  add(policy: RateLimitPolicy, key: string, now: number): void {
    const keys = this.#times.get(policy) ?? new Map<string, number[]>();
    this.#times.set(policy, keys);
    keys.set(key, [...(keys.get(key) ?? []), now]);
  }

  within(policy: RateLimitPolicy, key: string, now: number, ms: number): number {
    return (this.#times.get(policy)?.get(key) ?? []).filter((time) => now - time < ms).length;
  }
}

const policies = fc
  .uniqueArray(fc.record({ max: fc.integer({ min: 1, max: 12 }), windowSeconds: fc.constantFrom(...WINDOW_SECONDS) }), {
    minLength: 1,
    maxLength: 3,
    selector: ({ max, windowSeconds }) => `${max}/${windowSeconds}`,
  })
  .map((all) => all.map((options) => createPolicy(options)));

/** Policies, and a schedule with gaps that fit the window of one of them. */
const scenario = policies.chain((all) =>
  fc.tuple(
    fc.constant(all),
    fc.constantFrom(...all).chain(({ windowMs }) => scheduleOf(windowMs, ['a', 'b', 'constructor', ''])),
  ),
);

/** Several keys in each window of a policy. */
function crowded({ windowMs }: RateLimitPolicy): fc.Arbitrary<readonly Moment[]> {
  const gap = fc.oneof(
    fc.integer({ min: 0, max: 16 }).map((part) => (part * windowMs) / 64),
    fc.constant(windowMs),
  );
  return fc.array(
    fc.record({ gap, key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), units: fc.integer({ min: 1, max: 12 }) }),
    { maxLength: 60 },
  );
}

/** Runs a schedule, checks each take, and gives what it must be asked to stand there again. */
function run(
  all: readonly RateLimitPolicy[],
  schedule: readonly Moment[],
  maxKeys: number,
  check: (policy: RateLimitPolicy, isAllowed: boolean, inWindow: number, inLonger: number, remaining: number) => void,
): { readonly store: MemoryRateLimitStore; readonly clock: ManualClock } {
  const clock = new ManualClock();
  const store = new MemoryRateLimitStore({ maxKeys, now: clock.read });
  const model = new EveryUnit();
  for (const { gap, key, units } of schedule) {
    clock.now += gap;
    for (let unit = 0; unit < units; unit++) {
      // Sometimes under one policy alone, sometimes under all.
      const claimed = unit % 4 === 3 ? all.slice(0, 1) : all;
      const decisions = store.take(claimed.map((policy) => ({ key, policy })));
      const isAdmitted = decisions.every(({ isAllowed }) => isAllowed);
      for (const { policy, isAllowed, remaining, resetSeconds } of decisions) {
        check(
          policy,
          isAllowed,
          model.within(policy, key, clock.now, policy.windowMs),
          model.within(policy, key, clock.now, policy.windowMs * (17 / 16)),
          remaining + (isAdmitted ? 1 : 0),
        );
        expect(resetSeconds === 0).toBe(remaining > 0);
        expect(resetSeconds).toBeLessThanOrEqual(policy.windowMs / 1_000);
      }
      if (isAdmitted) for (const policy of claimed) model.add(policy, key, clock.now);
    }
  }
  return { store, clock };
}

describe('against a model that keeps every unit, the store in memory', () => {
  test('admits and denies as promised, under several policies at once', () => {
    fc.assert(
      fc.property(scenario, ([all, schedule]) => {
        run(all, schedule, 100_000, ({ max }, isAllowed, inWindow, inLonger, free) => {
          expect(free).toBeLessThanOrEqual(max - inWindow);
          expect(free).toBeGreaterThanOrEqual(max - inLonger);
          expect(isAllowed).toBe(free > 0);
        });
      }),
      { numRuns: 300 },
    );
  });

  test('admits never more than promised while it is full', () => {
    fc.assert(
      fc.property(
        policies.chain((all) => fc.tuple(fc.constant(all), crowded(all[0] as RateLimitPolicy))),
        fc.integer({ min: 1, max: 4 }),
        ([all, schedule], maxKeys) => {
          run(all, schedule, maxKeys, ({ max }, isAllowed, inWindow, _inLonger, free) => {
            expect(free).toBeLessThanOrEqual(max - inWindow);
            expect(isAllowed).toBe(free > 0);
          });
        },
      ),
      { numRuns: 600 },
    );
  });

  test('admits one after resetSeconds, and none a second earlier', () => {
    fc.assert(
      fc.property(scenario, fc.constantFrom(-1, 0), ([all, schedule], late) => {
        const { store, clock } = run(all, schedule, 100_000, () => undefined);
        const [policy] = all;
        if (policy === undefined) return;
        let decision = store.take([{ key: 'a', policy }])[0];
        while (decision?.isAllowed === true) decision = store.take([{ key: 'a', policy }])[0];
        clock.now += ((decision?.resetSeconds ?? 0) + late) * 1_000;
        expect(store.take([{ key: 'a', policy }])[0]?.isAllowed).toBe(late === 0);
      }),
      { numRuns: 200 },
    );
  });

  test('does not care how many other keys come, for a key that it has', () => {
    fc.assert(
      fc.property(
        policies,
        fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 5 }),
        ([policy], gaps, others, units) => {
          if (policy === undefined) return;
          const clock = new ManualClock();
          const roomy = new MemoryRateLimitStore({ now: clock.read });
          const flooded = new MemoryRateLimitStore({ maxKeys: 2, now: clock.read });
          let last = clock.now;
          gaps.forEach((gap, index) => {
            clock.now += (gap * policy.windowMs) / 16;
            // One that took nothing for a window is a new key.
            if (clock.now - last >= policy.windowMs) clock.now = last + policy.windowMs - 0.125;
            const claims = [{ key: 'steady', policy }];
            for (let unit = 0; unit < units; unit++) {
              const decisions = flooded.take(claims);
              expect(decisions).toEqual(roomy.take(claims));
              if (decisions[0]?.isAllowed === true) last = clock.now;
            }
            for (let other = 0; other < others; other++) flooded.take([{ key: `${index}/${other}`, policy }]);
          });
        },
      ),
    );
  });
});
