import type { RunMode } from '../config/run-mode.ts';
import { OneProcessRunner } from './one-process-runner.ts';
import type { RunnerParts } from './runner-parts.ts';
import type { Runner } from './runner.ts';

const RUNNERS: Readonly<Record<RunMode, new (parts: RunnerParts) => Runner>> = {
  concurrent: OneProcessRunner,
  sequential: OneProcessRunner,
};

/** The runner of a mode, for one start. @throws {ConfigError} when what the app has registered cannot be served */
export function createRunner(mode: RunMode, parts: RunnerParts): Runner {
  return new RUNNERS[mode](parts);
}
