import type { LogHolder } from '../log.ts';
import { within } from './within.ts';

/** A function of the app that runs at one point of the server's life. */
export type Hook = () => void | Promise<void>;

/** The hooks that the app has given a server, by the point at which they run. */
export class Hooks {
  /** Once for the app, before everything else. */
  readonly primary: Hook[] = [];
  /** Once for each process that serves, before it does. */
  readonly workerStart: Hook[] = [];
  /** Once, when the server listens. */
  readonly start: Hook[] = [];
  /**
   * Once for each process that served, when its last connection is gone; or when its start fails after `workerStart`.
   */
  readonly workerStop: Hook[] = [];
  /** Once, last of all. */
  readonly shutdown: Hook[] = [];
}

/**
 * Runs hooks one after the other.
 *
 * @param signal when it aborts, the hook under way is the last
 * @throws what a hook throws, and those after it do not run; the reason of the signal
 */
export async function runHooks(hooks: readonly Hook[], signal?: AbortSignal): Promise<void> {
  for (const hook of hooks) {
    await hook();
    signal?.throwIfAborted();
  }
}

/**
 * Runs what is to be done at a stop, one after the other: each has its chance even when one before it fails.
 *
 * @returns how many failed or were not done in time
 */
export async function runStopHooks(hooks: readonly Hook[], limitMs: number, log: LogHolder): Promise<number> {
  let done = 0;
  const all = async (): Promise<void> => {
    for (const hook of hooks) {
      try {
        await hook();
        done++;
      } catch (error) {
        log.logger.error({ err: error }, 'A hook failed while the server stopped.');
      }
    }
  };
  const inTime = await within(all(), limitMs);
  if (!inTime) log.logger.error({ limitMs }, 'The hooks of the stop were not done in time.');
  return hooks.length - done;
}
