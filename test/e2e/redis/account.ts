/** In what a reader has seen: here something may be missing. */
export const GAP = 'gap';

/** By when a gap has to be announced, in ms from when Redis is back. */
const HEALED_AFTER_MS = 2_000;

export interface Outcome {
  /** When it was to be published, on the clock of `performance`. */
  readonly at: number;
  /** `false` where that was refused or is not known, and the message may have arrived nonetheless. */
  readonly isPublished: boolean;
}

/** Who numbers what it publishes, one message after the other, and what it was told of each. */
export interface Published {
  readonly name: string;
  readonly outcomes: ReadonlyMap<number, Outcome>;
}

/** The text of a message. */
export function messageOf(name: string, number: number): string {
  return `${name} ${number}`;
}

/**
 * Every message of a publisher that a reader has twice or in another order, and every one that it has not, though it
 * was published, without a gap that covers it. Such a gap comes behind the last one before it. While Redis is away
 * members of one server hear each other, so it may come behind these too, but once Redis is back, in front of all that
 * is published later.
 *
 * @param seen messages and gaps, in order, from before the first message to behind the last
 * @param returns when Redis was back, each time, on the clock of `performance`
 */
export function unaccounted(
  seen: readonly string[],
  { name, outcomes }: Published,
  returns: readonly number[],
): readonly string[] {
  const errors: string[] = [];
  /** Those for which a gap has to come, and by when: in front of what was published then. */
  let uncovered: (readonly [text: string, until: number])[] = [];
  let last = 0;
  let isGap = false;
  const expectAll = (to: number): void => {
    if (isGap) return;
    for (let number = last + 1; number < to; number++) {
      const { at, isPublished } = outcomes.get(number) ?? { at: 0, isPublished: false };
      if (!isPublished) continue;
      const back = returns.find((time) => time > at) ?? 0;
      uncovered.push([messageOf(name, number), back + HEALED_AFTER_MS]);
    }
  };
  for (const text of seen) {
    if (text === GAP) {
      isGap = true;
      uncovered = [];
    }
    if (!text.startsWith(`${name} `)) continue;
    const number = Number(text.slice(name.length + 1));
    if (number <= last) errors.push(`${text} comes behind ${messageOf(name, last)}`);
    expectAll(number);
    const { at } = outcomes.get(number) ?? { at: 0 };
    errors.push(...uncovered.filter(([, until]) => at > until).map(([missing]) => `${missing} is missing`));
    uncovered = uncovered.filter(([, until]) => at <= until);
    last = Math.max(last, number);
    isGap = false;
  }
  expectAll(Math.max(0, ...outcomes.keys()) + 1);
  return [...errors, ...uncovered.map(([missing]) => `${missing} is missing`)];
}
