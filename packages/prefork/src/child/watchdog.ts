import { Worker } from 'node:worker_threads';

/** As this file is loaded: by the time that the thread runs, it may be another one. */
const PARENT = process.ppid;
/** Between two looks at who the parent is, and whether the primary lives. A look is two calls of the system. */
const LOOK_EVERY_MS = 250;
/** For the event loop to hear of it. */
const PATIENCE_MS = 1_000;

/**
 * A thread, because a process whose event loop is stuck hears nothing, and would live on without its parent. It sleeps
 * but for its looks. `heard[0]` becomes 1 when the loop has been told.
 */
const SOURCE = `
const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
const { parent, primaryPid, heard, lookEveryMs, patienceMs, killAfterMs } = workerData;
function lives() {
  try {
    return process.kill(primaryPid, 0);
  } catch ({ code }) {
    // Somebody else's.
    return code === 'EPERM';
  }
}
while (process.ppid === parent && lives()) Atomics.wait(heard, 0, 0, lookEveryMs);
parentPort.postMessage('lost');
Atomics.wait(heard, 0, 0, patienceMs);
if (Atomics.load(heard, 0) === 1) Atomics.wait(heard, 0, 1, killAfterMs);
process.kill(process.pid, 'SIGKILL');
`;

/** Far more than it takes; what is not used takes no memory. */
const LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

export interface WatchdogOptions {
  readonly primaryPid: number;
  /** From when it is told until it has ended by itself; a second later it is killed. */
  readonly endsAfterMs: number;
  readonly onParentLost: () => void;
  /** There is no watchdog: a process whose event loop is stuck would not be ended. */
  readonly onError: (error: Error) => void;
}

/**
 * Kills this process when its primary is gone and it does not end by itself. Where the primary was gone before this
 * file was loaded, or something stands between the two, the parent is another one all the time. Keeps no process alive.
 */
export function startWatchdog({ primaryPid, endsAfterMs, onParentLost, onError }: WatchdogOptions): void {
  const heard = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const killAfterMs = endsAfterMs + PATIENCE_MS;
  const thread = new Worker(SOURCE, {
    eval: true,
    workerData: {
      parent: PARENT,
      primaryPid,
      heard,
      lookEveryMs: LOOK_EVERY_MS,
      patienceMs: PATIENCE_MS,
      killAfterMs,
    },
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
