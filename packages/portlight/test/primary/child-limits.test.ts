import { createPolicy, type RateLimitDecision } from '@portlight/rate-limit';
import { describe, expect, it } from 'vitest';
import { TestFamily, type TestChild } from './open-children.ts';

const leased = createPolicy({ max: 100, windowSeconds: 60 });
const small = createPolicy({ name: 'small', max: 3, windowSeconds: 60 });

async function isAdmitted({ backplane }: TestChild, policy = leased): Promise<boolean> {
  const [decision] = (await backplane.limits.take([{ key: 'a', policy }])) as readonly [RateLimitDecision];
  return decision.isAllowed;
}

/** As many units as there are, from children in turn. */
async function rush(children: readonly TestChild[], policy = leased): Promise<number> {
  const takes = Array.from({ length: 2 * policy.max }, (_, index) =>
    isAdmitted(children[index % children.length] as TestChild, policy),
  );
  return (await Promise.all(takes)).filter(Boolean).length;
}

describe('rate limits of children', () => {
  it.each([leased, small])('are one count over their lines: $max', async (policy) => {
    const family = new TestFamily();
    expect(await rush(family.children, policy)).toBe(policy.max);
  });

  it('keep what a child used that is gone, and get back what it did not', async () => {
    const family = new TestFamily();
    const [first, ...others] = family.children as [TestChild, ...TestChild[]];
    for (let unit = 0; unit < 5; unit++) expect(await isAdmitted(first)).toBe(true);
    await first.backplane.close();
    first.link.close();
    await family.settle();
    expect(await rush([...others, family.add()])).toBe(95);
  });

  it('wait for a child that takes nothing no longer than a moment', async () => {
    const family = new TestFamily();
    const [first, ...others] = family.children as [TestChild, ...TestChild[]];
    expect(await isAdmitted(first)).toBe(true);
    family.children[0]?.ports[0].hold();
    const admitted = await rush(others);
    // What it holds ends by itself, long after.
    expect(admitted).toBeGreaterThan(70);
    expect(admitted).toBeLessThan(99);
  });
});
