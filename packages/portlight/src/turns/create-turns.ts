import type { RunMode } from '../config/run-mode.ts';
import type { ServerConfig } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import type { LogHolder } from '../log.ts';
import { EVERYBODY_AT_ONCE } from './everybody-at-once.ts';
import { OneAtATime } from './one-at-a-time.ts';
import type { Turns } from './turns.ts';

/** The turns of a mode. */
export function createTurns(
  mode: RunMode,
  { maxQueued, handlerTimeoutMs }: Pick<ServerConfig, 'maxQueued' | 'handlerTimeoutMs'>,
  log: LogHolder,
): Turns {
  return mode === 'sequential'
    ? new OneAtATime(maxQueued ?? DEFAULTS.maxQueued, handlerTimeoutMs ?? DEFAULTS.turnTimeoutMs, log)
    : EVERYBODY_AT_ONCE;
}
