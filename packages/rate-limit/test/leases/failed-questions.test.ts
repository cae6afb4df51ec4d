import { expect, test } from 'vitest';
import { createPolicy, LeasedRateLimitStore } from '../../src/index.ts';
import { MESSAGES, writeAnswer } from '../../src/leases/lease-messages.ts';
import { joinLines } from '../support/joined-lines.ts';
import { settle } from '../support/family.ts';

const policy = createPolicy({ max: 100, windowSeconds: 64 });
const claims = [{ key: 'a', policy }];
const granted = { isAllowed: true, remaining: 10, resetMs: 0, deniedMs: 0, lease: 7, units: 10 };

/** A store, and its questions, which a test answers. */
function open() {
  const [near, far] = joinLines();
  const questions: number[] = [];
  far.on(MESSAGES.policy, () => {});
  far.on(MESSAGES.used, () => {});
  far.on(MESSAGES.ask, (data) => void questions.push((data as [number])[0]));
  return { store: new LeasedRateLimitStore(near), far, questions };
}

test('all who wait for a question that fails are rejected, and the next one asks anew', async () => {
  const { store, far, questions } = open();
  const waiting = [store.take(claims), store.take(claims)].map(async (take) => take);
  await settle();
  far.tell(MESSAGES.failed, [questions[0], 1]);
  for (const result of await Promise.allSettled(waiting)) expect(result.status).toBe('rejected');
  void store.take(claims);
  await settle();
  expect(questions).toHaveLength(2);
});

test('what a question says that had failed is learned, unless its key was asked for again', async () => {
  for (const isAskedAgain of [false, true]) {
    const { store, far, questions } = open();
    const waiting = [store.take(claims)].map(async (take) => take);
    await settle();
    far.tell(MESSAGES.failed, [questions[0], 0]);
    const [result] = await Promise.allSettled(waiting);
    expect(result).toMatchObject({ status: 'rejected', reason: new Error('What counts the limits does not answer.') });
    if (isAskedAgain) void store.take(claims);
    await settle();
    far.tell(MESSAGES.answer, writeAnswer(questions[0] as number, [granted]));
    await settle();
    expect(store.take(claims) instanceof Promise).toBe(isAskedAgain);
  }
});
