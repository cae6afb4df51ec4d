// The schema of the JSON scenario, for those that validate with zod.
import { z } from 'zod';

export const person = z.object({ name: z.string(), age: z.number() });
