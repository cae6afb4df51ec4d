import { Worker } from 'node:worker_threads';

/** As this file is loaded: by the time that the thread runs, it may be another one. */
const PARENT = process.ppid;
/** Between two looks at who the parent is. A look is one call of the system. */
const LOOK_EVERY_MS = 250;
/** For the event loop to hear of it. */
const PATIENCE_MS = 1_000;

/**
 * A thread, because a process whose event loop is stuck hears nothing, and would live on without its parent. It sleeps
 * but for its looks. `heard[0]` becomes 1 when the loop has been told.
 */
const SOURCE = `
const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
const { parent, heard, lookEveryMs, patienceMs, killAfterMs } = workerData;
while (process.ppid === parent) Atomics.wait(heard, 0, 0, lookEveryMs);
parentPort.postMessage('lost');
Atomics.wait(heard, 0, 0, patienceMs);
if (Atomics.load(heard, 0) === 1) Atomics.wait(heard, 0, 1, killAfterMs);
process.kill(process.pid, 'SIGKILL');
`;

/** Far more than it takes; what is not used takes no memory. */
const LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

export interface WatchdogOptions {
  /** From when it is told until it is killed. */
  readonly drainTimeoutMs: number;
  readonly onParentLost: () => void;
  /** There is no watchdog: a process whose event loop is stuck would not be ended. */
  readonly onError: (error: Error) => void;
}

/** Kills this process when its parent is gone and it does not end by itself. Keeps no process alive. */
export function startWatchdog({ drainTimeoutMs, onParentLost, onError }: WatchdogOptions): void {
  const heard = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const killAfterMs = drainTimeoutMs + PATIENCE_MS;
  const thread = new Worker(SOURCE, {
    eval: true,
    workerData: { parent: PARENT, heard, lookEveryMs: LOOK_EVERY_MS, patienceMs: PATIENCE_MS, killAfterMs },
    argv: [],
    // Loaders and what is preloaded are for the app.
    execArgv: [],
    env: {},
    resourceLimits: LIMITS,
    trackUnmanagedFds: false,
  });
  thread.on('message', () => {
    Atomics.store(heard, 0, 1);
    Atomics.notify(heard, 0);
    onParentLost();
  });
  thread.on('error', onError);
  thread.unref();
}
