import { onDemand, require } from '../on-demand.ts';

/** zod, loaded when there is something to validate: importing it costs about 50 ms on Node 20. */
export const loadZod: () => typeof import('zod') = onDemand(() => require('zod') as typeof import('zod'));
