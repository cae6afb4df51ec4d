/** A function of the app that runs at one point of the server's life. */
export type Hook = () => void | Promise<void>;

/** The hooks of a server, by the point at which they run. */
export class Hooks {
  /** Once for the app, before everything else. */
  readonly primary: Hook[] = [];
  /** Once for each process that serves, before it does. */
  readonly workerStart: Hook[] = [];
  /** Once, when the server listens. */
  readonly start: Hook[] = [];
  /** Once for each process that served, when its last connection is gone. */
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
