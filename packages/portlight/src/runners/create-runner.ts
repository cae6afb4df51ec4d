import { PreforkError, type Primary } from '@portlight/prefork';
import { hasChildren, type RunMode } from '../config/run-mode.ts';
import { ConfigError } from '../errors/config-error.ts';
import { OneProcessRunner } from './one-process-runner.ts';
import { PrimaryRunner } from './primary-runner.ts';
import type { RunnerParts } from './runner-parts.ts';
import type { Runner } from './runner.ts';
import { WorkerRunner } from './worker-runner.ts';

/**
 * The runner of a mode, for one start.
 *
 * @param primary where this process is a child of a server
 * @throws {ConfigError} when what the app has registered cannot be served; where children have no file to start from
 */
export function createRunner(mode: RunMode, parts: RunnerParts, primary: Primary | undefined): Runner {
  if (!hasChildren(mode)) return new OneProcessRunner(parts);
  return primary === undefined ? openPrimary(parts, mode === 'forked') : new WorkerRunner(parts, primary);
}

function openPrimary(parts: RunnerParts, isForked: boolean): Runner {
  try {
    return new PrimaryRunner(parts, isForked);
  } catch (error) {
    throw error instanceof PreforkError ? new ConfigError(error.message, 'ERR_PORTLIGHT_CONFIG', error) : error;
  }
}
