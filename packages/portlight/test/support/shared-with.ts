import type { Backplane } from '../../src/backplane/backplane.ts';
import { SharedState } from '../../src/backplane/shared-state.ts';
import type { LogHolder } from '../../src/log.ts';
import { backplaneWith } from './backplane-with.ts';
import { RecordingLogger } from './recording-logger.ts';

/** Shared state in memory, with some parts of its own. */
export function sharedWith(
  parts: Partial<Pick<Backplane, 'limits' | 'clients' | 'bus' | 'values'>> = {},
  log: LogHolder = { logger: new RecordingLogger(), verbose: false },
): SharedState {
  const shared = new SharedState(log);
  shared.use(backplaneWith(parts));
  return shared;
}
