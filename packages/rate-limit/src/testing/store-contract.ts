import assert from 'node:assert/strict';
import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { RateLimitClaim, RateLimitDecision, RateLimitStore } from '../rate-limit-store.ts';

/** One sentence that holds for every store. */
export interface StoreCase {
  readonly name: string;
  /**
   * Rejects with an `AssertionError` where the sentence does not hold.
   *
   * @param open makes an empty store that takes the time, in ms, from `now`; the case closes it
   */
  readonly run: (open: (now: () => number) => RateLimitStore) => Promise<void>;
}

/** A store and its clock, in one case. */
class Trial {
  now = 1_000_000.25;
  readonly store: RateLimitStore;

  constructor(open: (now: () => number) => RateLimitStore) {
    this.store = open(() => this.now);
  }

  async take(...claims: readonly RateLimitClaim[]): Promise<readonly RateLimitDecision[]> {
    const decisions = await this.store.take(claims);
    assert.equal(decisions.length, claims.length, 'a decision for each claim');
    decisions.forEach(({ policy }, index) =>
      assert.deepEqual(policy, claims[index]?.policy, 'decisions in the order of the claims'),
    );
    return decisions;
  }

  async takeOne(key: string, policy: RateLimitPolicy): Promise<RateLimitDecision> {
    const [decision] = await this.take({ key, policy });
    assert.ok(decision);
    return decision;
  }

  /** How many of `count` units are admitted. */
  async takeMany(count: number, key: string, policy: RateLimitPolicy): Promise<number> {
    let admitted = 0;
    for (let index = 0; index < count; index++) {
      if ((await this.takeOne(key, policy)).isAllowed) admitted++;
    }
    return admitted;
  }
}

const ALGORITHMS = ['sliding-window', 'token-bucket'] as const;
const WINDOW_MS = 16_000;
const slidingWindow = policyOf('sliding-window', 4);

/**
 * What a `RateLimitStore` must do, as a table for any test runner:
 *
 * @example
 * for (const { name, run } of storeContract) test(name, () => run((now) => new MemoryRateLimitStore({ now })));
 */
export const storeContract: readonly StoreCase[] = [
  ...ALGORITHMS.flatMap((algorithm) => [
    define(`${algorithm}: admits max at once, and no more`, async (trial) => {
      const policy = policyOf(algorithm, 4);
      for (const remaining of [3, 2, 1, 0]) {
        const decision = await trial.takeOne('a', policy);
        assert.deepEqual([decision.isAllowed, decision.remaining], [true, remaining]);
        assert.equal(decision.resetSeconds === 0, remaining > 0, 'no wait while something remains');
      }
      const { isAllowed, remaining } = await trial.takeOne('a', policy);
      assert.deepEqual([isAllowed, remaining], [false, 0]);
    }),

    define(`${algorithm}: admits one after resetSeconds, and none a second earlier`, async (trial) => {
      const policy = policyOf(algorithm, 4);
      await trial.takeMany(4, 'a', policy);
      trial.now += 700;
      const { resetSeconds } = await trial.takeOne('a', policy);
      assert.ok(
        Number.isInteger(resetSeconds) && resetSeconds > 0 && resetSeconds <= 17,
        `${resetSeconds} is a wait within the window`,
      );
      const denied = trial.now;
      trial.now = denied + (resetSeconds - 1) * 1_000;
      assert.equal((await trial.takeOne('a', policy)).isAllowed, false, 'a second too early');
      trial.now = denied + resetSeconds * 1_000;
      assert.equal((await trial.takeOne('a', policy)).isAllowed, true, 'in time');
    }),

    define(`${algorithm}: does not count what it denies`, async (trial) => {
      const policy = policyOf(algorithm, 1);
      await trial.takeOne('a', policy);
      const { resetSeconds } = await trial.takeOne('a', policy);
      for (let second = 1; second < resetSeconds; second++) {
        trial.now += 1_000;
        assert.equal((await trial.takeOne('a', policy)).resetSeconds, resetSeconds - second);
      }
      trial.now += 1_000;
      assert.equal((await trial.takeOne('a', policy)).isAllowed, true);
    }),

    define(`${algorithm}: has the whole quota after a long rest`, async (trial) => {
      const policy = policyOf(algorithm, 4);
      for (const rest of [WINDOW_MS * (17 / 16), WINDOW_MS * 40, 86_400_000 * 365]) {
        assert.equal(await trial.takeMany(6, 'a', policy), 4);
        trial.now += rest;
      }
    }),

    define(`${algorithm}: counts keys apart, whatever they are`, async (trial) => {
      const policy = policyOf(algorithm, 2);
      const keys = [
        'a',
        'A',
        '',
        ' ',
        '__proto__',
        'constructor',
        'toString',
        'a\0b',
        'a:b',
        '{a}',
        'ä',
        'a\u0308',
        '\ud800',
        '\udfff',
        '💡',
        'x'.repeat(128),
        'x'.repeat(129),
        'x'.repeat(100_000),
        `${'x'.repeat(100_000)}y`,
      ];
      for (const key of keys)
        assert.equal(await trial.takeMany(3, key, policy), 2, `a new key ${JSON.stringify(key.slice(0, 20))}`);
      for (const key of keys)
        assert.equal(await trial.takeMany(1, key, policy), 0, `a spent key ${JSON.stringify(key.slice(0, 20))}`);
    }),

    define(`${algorithm}: time that stands still or goes back frees nothing`, async (trial) => {
      const policy = policyOf(algorithm, 2);
      assert.equal(await trial.takeMany(10, 'a', policy), 2);
      trial.now -= 7_200_000;
      assert.equal(await trial.takeMany(10, 'a', policy), 0);
      assert.ok((await trial.takeOne('a', policy)).resetSeconds <= 17);
    }),
  ]),

  define('sliding-window: admits max in no interval of a window, across every edge', async (trial) => {
    const admitted: number[] = [];
    for (let step = 0; step < 400; step++) {
      trial.now += 125 * ((step * 7) % 13);
      if ((await trial.takeOne('a', slidingWindow)).isAllowed) admitted.push(trial.now);
    }
    assert.ok(admitted.length > 20);
    admitted.forEach((time, index) => {
      const within = admitted.slice(0, index + 1).filter((other) => time - other < WINDOW_MS);
      assert.ok(within.length <= slidingWindow.max, `${within.length} admitted in the window that ends at ${time}`);
    });
  }),

  define('sliding-window: denies nobody who had fewer than max in the last 17/16 of a window', async (trial) => {
    const admitted: number[] = [];
    for (let step = 0; step < 400; step++) {
      trial.now += 125 * ((step * 11) % 17);
      const recent = admitted.filter((time) => trial.now - time < WINDOW_MS * (17 / 16)).length;
      const { isAllowed } = await trial.takeOne('a', slidingWindow);
      if (isAllowed) admitted.push(trial.now);
      else assert.ok(recent >= slidingWindow.max, `denied at ${trial.now} after ${recent}`);
    }
  }),

  define('sliding-window: what was taken together comes back together, a window later', async (trial) => {
    await trial.takeMany(4, 'a', slidingWindow);
    trial.now += WINDOW_MS * (17 / 16);
    assert.equal((await trial.takeOne('a', slidingWindow)).remaining, 3);
  }),

  define('token-bucket: one comes back at a time, max in a window', async (trial) => {
    const policy = policyOf('token-bucket', 4);
    await trial.takeMany(4, 'a', policy);
    for (let unit = 0; unit < 8; unit++) {
      trial.now += WINDOW_MS / 4;
      assert.equal(await trial.takeMany(2, 'a', policy), 1);
    }
  }),

  define('policies that differ in anything count apart', async (trial) => {
    const policies = [
      slidingWindow,
      { ...slidingWindow, name: 'other' },
      { ...slidingWindow, max: 5 },
      { ...slidingWindow, windowMs: WINDOW_MS + 1_000 },
      { ...slidingWindow, algorithm: 'token-bucket' as const },
    ];
    for (const policy of policies) assert.equal(await trial.takeMany(9, 'a', policy), policy.max);
  }),

  define('policies with equal fields are one', async (trial) => {
    assert.equal(await trial.takeMany(3, 'a', { ...slidingWindow }), 3);
    assert.equal(await trial.takeMany(3, 'a', { ...slidingWindow }), 1);
  }),

  define('several policies: takes from all or from none', async (trial) => {
    const wide = { ...slidingWindow, name: 'wide', max: 5 };
    const narrow = { ...slidingWindow, name: 'narrow', max: 2 };
    const claims = [
      { key: 'a', policy: wide },
      { key: 'a', policy: narrow },
    ] as const;
    await trial.take(...claims);
    assert.deepEqual(
      (await trial.take(...claims)).map(({ isAllowed, remaining }) => [isAllowed, remaining]),
      [
        [true, 3],
        [true, 0],
      ],
    );
    for (let count = 0; count < 10; count++) {
      const [first, second] = await trial.take(...claims);
      assert.deepEqual(
        [first?.isAllowed, first?.remaining, first?.resetSeconds],
        [true, 3, 0],
        'what another policy denied is not counted',
      );
      assert.deepEqual([second?.isAllowed, second?.remaining], [false, 0]);
    }
    assert.equal(await trial.takeMany(9, 'a', wide), 3);
  }),

  define('several policies: the longest wait of those that deny is long enough for all', async (trial) => {
    const short = { ...slidingWindow, name: 'short', max: 1, windowMs: 2_000 };
    const long = { ...slidingWindow, name: 'long', max: 1, windowMs: 60_000 };
    const claims = [
      { key: 'a', policy: short },
      { key: 'a', policy: long },
    ] as const;
    await trial.take(...claims);
    const denied = await trial.take(...claims);
    assert.deepEqual(
      denied.map(({ isAllowed }) => isAllowed),
      [false, false],
    );
    trial.now += Math.max(...denied.map(({ resetSeconds }) => resetSeconds)) * 1_000;
    assert.deepEqual(
      (await trial.take(...claims)).map(({ isAllowed }) => isAllowed),
      [true, true],
    );
  }),

  define('a key that is claimed twice under one policy counts once', async (trial) => {
    const claim = { key: 'a', policy: slidingWindow };
    assert.deepEqual(
      (await trial.take(claim, { key: 'b', policy: slidingWindow }, claim)).map(({ remaining }) => remaining),
      [3, 3, 3],
    );
    await trial.takeMany(2, 'a', slidingWindow);
    assert.deepEqual(
      (await trial.take(claim, claim)).map(({ isAllowed, remaining }) => [isAllowed, remaining]),
      [
        [true, 0],
        [true, 0],
      ],
    );
    assert.deepEqual(
      (await trial.take(claim, claim)).map(({ isAllowed }) => isAllowed),
      [false, false],
    );
  }),

  define('no claims: no decisions', async (trial) => {
    assert.deepEqual(await trial.take(), []);
  }),

  define('takes at the same time do not exceed max', async (trial) => {
    const takes = Array.from({ length: 20 }, () => trial.takeOne('a', slidingWindow));
    assert.equal((await Promise.all(takes)).filter(({ isAllowed }) => isAllowed).length, 4);
  }),
];

function policyOf(algorithm: RateLimitPolicy['algorithm'], max: number): RateLimitPolicy {
  return { name: 'contract', max, windowMs: WINDOW_MS, algorithm };
}

function define(name: string, check: (trial: Trial) => Promise<void>): StoreCase {
  return {
    name,
    async run(open) {
      const trial = new Trial(open);
      try {
        await check(trial);
      } finally {
        await trial.store.close?.();
      }
    },
  };
}
