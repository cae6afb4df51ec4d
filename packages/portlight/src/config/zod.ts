import { createRequire } from 'node:module';

type Zod = typeof import('zod');

let loaded: Zod | undefined;

/** zod, loaded when there is something to validate: importing it costs about 50 ms on Node 20. */
export function loadZod(): Zod {
  loaded ??= createRequire(import.meta.url)('zod') as Zod;
  return loaded;
}
