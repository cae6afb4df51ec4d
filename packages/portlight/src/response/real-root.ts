import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';

/** How long it counts where a root lies: a link may be given another place at any time. */
const KEPT_MS = 1_000;

const kept: Map<string, string> = new Map();
let keptUntil = 0;

/** Where a root was found less than a second ago, without links and without a separator at its end. */
export function keptRoot(root: string): string | undefined {
  return performance.now() < keptUntil ? kept.get(root) : undefined;
}

/**
 * Finds it anew.
 *
 * @throws what the system says
 */
export async function findRoot(root: string): Promise<string> {
  const found = await realpath(root);
  const real = found.endsWith(sep) ? found.slice(0, -sep.length) : found;
  const now = performance.now();
  if (now >= keptUntil) {
    kept.clear();
    keptUntil = now + KEPT_MS;
  }
  kept.set(root, real);
  return real;
}
