import fc from 'fast-check';

/** One moment of a schedule: how long after the one before, which of a few keys, and how many units at once. */
export interface Moment {
  readonly gap: number;
  readonly key: string;
  readonly units: number;
}

export const WINDOW_SECONDS = [1, 2, 7, 60, 3_600, 86_400] as const;

/**
 * Gaps in ms, multiples of an eighth: none, short ones, those that meet the edges of windows and sub-windows, and long
 * rests.
 */
function gapOf(windowMs: number): fc.Arbitrary<number> {
  const edge = fc
    .tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom(-0.125, 0, 0.125))
    .map(([subWindows, off]) => Math.max(0, (subWindows * windowMs) / 16 + off));
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 0, max: windowMs / 4 }).map((eighths) => eighths / 8) },
    { weight: 4, arbitrary: edge },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: windowMs * 2 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 400 }).map((windows) => windows * windowMs) },
  );
}

export function scheduleOf(
  windowMs: number,
  keys: readonly string[] = ['a', 'b', '__proto__'],
): fc.Arbitrary<readonly Moment[]> {
  return fc.array(
    fc.record({
      gap: gapOf(windowMs),
      key: fc.constantFrom(...keys),
      units: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 12 })),
    }),
    { maxLength: 60 },
  );
}
