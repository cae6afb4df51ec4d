import { DEFAULTS } from '../../packages/portlight/src/defaults.ts';

/** Fixed limits, shortened so that a test can see them end. */
export async function withDefaults<Result>(
  changes: Partial<Record<keyof typeof DEFAULTS, number>>,
  run: () => Promise<Result>,
): Promise<Result> {
  const before = { ...DEFAULTS };
  Object.assign(DEFAULTS, changes);
  try {
    return await run();
  } finally {
    Object.assign(DEFAULTS, before);
  }
}
