import type { ZodInt, ZodOptional } from 'zod';
import { onDemand, require } from '../on-demand.ts';

/** zod, loaded when there is something to validate: importing it costs about 50 ms on Node 20. */
export const loadZod: () => typeof import('zod') = onDemand(() => require('zod') as typeof import('zod'));

/** An option that is a whole number, or left out. */
export function wholeNumber(unit: string, least: number, most: number): ZodOptional<ZodInt> {
  const error = `a whole number of ${unit} from ${least} to ${most}`;
  return loadZod().int({ error }).min(least, { error }).max(most, { error }).optional();
}
