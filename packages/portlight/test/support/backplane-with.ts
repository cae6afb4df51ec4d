import type { Backplane } from '../../src/backplane/backplane.ts';
import { MemoryBackplane } from '../../src/backplane/memory-backplane.ts';

/** A backplane in memory with some parts of its own, as an app gives one. */
export function backplaneWith(parts: Partial<Backplane> = {}): Backplane {
  const { limits, clients, bus, values } = new MemoryBackplane();
  return { limits, clients, bus, values, open() {}, close() {}, ...parts };
}
