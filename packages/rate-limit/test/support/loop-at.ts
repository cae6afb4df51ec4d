import type { Loop } from '../../src/index.ts';
import { nodeLoop } from '../../src/leases/loop.ts';

/** The loop of Node.js, with a time of its own. */
export function loopAt(now: () => number): Loop {
  return { ...nodeLoop, now };
}
