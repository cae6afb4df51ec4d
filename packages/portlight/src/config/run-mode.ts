import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { ServerConfig } from './server-options.ts';

/**
 * How the requests of a server are handled. `'concurrent'`: one process, every request as soon as it comes.
 * `'sequential'`: one process, one at a time. `'workers'`: child processes, each as `'concurrent'`. `'forked'`: child
 * processes, each with one connection at a time.
 */
export type RunMode = (typeof MODES)[number];

const MODES = ['concurrent', 'sequential', 'workers', 'forked'] as const;

/** @throws {ConfigError} on anything but a mode */
export function parseRunMode(mode: unknown): RunMode {
  const known = MODES.find((each) => each === mode);
  if (known !== undefined) return known;
  throw new ConfigError(
    `The mode ${JSON.stringify(mode)} is not known; 'concurrent', 'sequential', 'workers' and 'forked' are.`,
  );
}

/** Whether the server has child processes. */
export function hasChildren(mode: RunMode): boolean {
  return mode === 'workers' || mode === 'forked';
}

/** The configuration with what the mode has where the app says nothing. */
export function configOf(mode: RunMode, config: ServerConfig): ServerConfig {
  if (mode === 'sequential') return { ...config, handlerTimeoutMs: config.handlerTimeoutMs ?? DEFAULTS.turnTimeoutMs };
  return config;
}
