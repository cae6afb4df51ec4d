/**
 * What the two ends tell each other. A holder numbers its policies in the order in which it names them, and its
 * questions as it likes; leases are numbered by who grants them. Flat arrays: they are small as JSON.
 */
export const MESSAGES = {
  /** To who counts: `[name, max, windowMs, algorithm]`. */
  policy: 'limits:policy',
  /** To who counts: `[policy, key, units, …]`. */
  used: 'limits:used',
  /** To who counts: `[question, wantsLeases, policy, key, …]`. Each claim is there once. */
  ask: 'limits:ask',
  /** To who counts: `[lease, policy, key]`. Told after its last use. */
  returned: 'limits:returned',
  /** To a holder: `[question, isAllowed, remaining, resetMs, deniedMs, lease, units, …]`, six for each claim. */
  answer: 'limits:answer',
  /**
   * To a holder: `[question, isOver]`. There is no answer in time; where `isOver` is 0 it may come later, and where it
   * is 1 none does. What was asked may have been counted.
   */
  failed: 'limits:failed',
  /** To a holder: `[lease, policy, key]`. Answered by `returned`, also where it has nothing left of it. */
  recall: 'limits:recall',
} as const;

/** How a claim stands after a question. */
export interface Standing {
  /** Whether its policy admits it. */
  readonly isAllowed: boolean;
  /** Units that may be had at once; of a lease, those of it. */
  readonly remaining: number;
  /** After how many ms one more is admitted, where nothing remains; else 0. */
  readonly resetMs: number;
  /** For how many ms none can be admitted, where nothing remains; else 0. */
  readonly deniedMs: number;
  /** 0 where none was granted. */
  readonly lease: number;
  readonly units: number;
}

const FIELDS = 6;

export function writeAnswer(question: number, standings: readonly Standing[]): readonly number[] {
  const data = [question];
  for (const { isAllowed, remaining, resetMs, deniedMs, lease, units } of standings)
    data.push(isAllowed ? 1 : 0, remaining, resetMs, deniedMs, lease, units);
  return data;
}

/** How the claim of an index stands. */
export function readStanding(answer: readonly number[], index: number): Standing {
  const [isAllowed, remaining = 0, resetMs = 0, deniedMs = 0, lease = 0, units = 0] = answer.slice(
    1 + index * FIELDS,
    1 + (index + 1) * FIELDS,
  );
  return { isAllowed: isAllowed === 1, remaining, resetMs, deniedMs, lease, units };
}
