import * as z from 'zod/mini';

/** An option that is a whole number, or left out. */
export function wholeNumber(unit: string, least: number, most: number): z.ZodMiniType<number | undefined> {
  const error = `a whole number of ${unit} from ${least} to ${most}`;
  return z.optional(z.int({ error }).check(z.gte(least, { error }), z.lte(most, { error })));
}
