import type { Backplane } from '../../src/backplane/backplane.ts';
import { MemoryBackplane } from '../../src/backplane/memory-backplane.ts';
import { SharedState } from '../../src/backplane/shared-state.ts';
import type { LogHolder } from '../../src/log.ts';
import { RecordingLogger } from './recording-logger.ts';

/** Shared state in memory, with some parts of its own. */
export function sharedWith(
  parts: Partial<Pick<Backplane, 'limits' | 'clients' | 'bus' | 'values'>> = {},
  log: LogHolder = { logger: new RecordingLogger(), verbose: false },
): SharedState {
  const memory = new MemoryBackplane();
  const { limits, clients, bus, values } = { ...memory, ...parts };
  const shared = new SharedState(log);
  shared.use({ limits, clients, bus, values, open() {}, close() {} });
  return shared;
}
