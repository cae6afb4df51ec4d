import type { Turns } from './turns.ts';

/** Everybody runs as soon as there is something to do, and nothing is waited for. */
export const EVERYBODY_AT_ONCE: Turns = {
  ofRequest: () => undefined,
  ofChannel: () => undefined,
  renew: () => undefined,
};
