import type { RateLimitPolicy } from '../rate-limit-policy.ts';
import type { RateLimitClaim } from '../rate-limit-store.ts';

import type { LeaseHolder } from './lease-holder.ts';
import type { LeaseJudge } from './lease-judge.ts';
import { MESSAGES, writeAnswer } from './lease-messages.ts';

/** Hears what a holder says to who counts. */
export function listen(holder: LeaseHolder, judge: LeaseJudge): void {
  const { line, policies } = holder;

  function hear(name: string, handler: (data: readonly unknown[]) => void): void {
    line.on(name, (data) => {
      holder.isSilent = false;
      handler(data as readonly unknown[]);
    });
  }

  function claimAt(data: readonly unknown[], index: number): RateLimitClaim {
    return { policy: policies[data[index] as number] as RateLimitPolicy, key: data[index + 1] as string };
  }

  hear(MESSAGES.policy, ([name, max, windowMs, algorithm]) => {
    policies.push({ name, max, windowMs, algorithm } as RateLimitPolicy);
  });

  hear(MESSAGES.used, (data) => {
    for (let index = 0; index < data.length; index += 3)
      judge.count(holder, claimAt(data, index), data[index + 2] as number);
  });

  hear(MESSAGES.returned, (data) => {
    judge.end(claimAt(data, 1), ({ id }) => id === data[0]);
  });

  hear(MESSAGES.ask, (data) => {
    const [question, wantsLeases] = data as readonly number[] as readonly [number, number];
    const claims: RateLimitClaim[] = [];
    for (let index = 2; index < data.length; index += 2) claims.push(claimAt(data, index));
    judge.ask({
      holder,
      wantsLeases: wantsLeases === 1,
      claims,
      answer: (standings) => line.tell(MESSAGES.answer, writeAnswer(question, standings)),
    });
  });
}
