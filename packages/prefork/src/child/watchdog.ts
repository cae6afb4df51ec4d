import { Worker } from 'node:worker_threads';

/** Between two looks at who the parent is. A look is one call of the system. */
const LOOK_EVERY_MS = 250;
/** For the event loop to hear of it. */
const PATIENCE_MS = 1_000;

/**
 * A thread, because a process whose event loop is stuck hears nothing, and would live on without its parent. It sleeps
 * but for its looks. `heard[0]` becomes 1 when the loop has been told.
 */
const SOURCE = `
const { parentPort, workerData: { heard, lookEveryMs, patienceMs, drainTimeoutMs } } = require('node:worker_threads');
const parent = process.ppid;
const sleep = (ms) => Atomics.wait(heard, 0, 0, ms);
while (process.ppid === parent) sleep(lookEveryMs);
parentPort.postMessage('lost');
sleep(patienceMs);
if (Atomics.load(heard, 0) === 1) Atomics.wait(heard, 0, 1, killAfterMs);
process.kill(process.pid, 'SIGKILL');
`;

/** Far more than it takes; what is not used takes no memory. */
const LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/** Kills this process when its parent is gone and it does not end by itself. Keeps no process alive. */
export function startWatchdog(onParentLost: () => void, drainTimeoutMs: number): void {
  const heard = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const thread = new Worker(SOURCE, {
    eval: true,
    workerData: {
      heard,
      lookEveryMs: LOOK_EVERY_MS,
      patienceMs: PATIENCE_MS,
      killAfterMs: drainTimeoutMs + PATIENCE_MS,
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
  // Without it, a process that is stuck is not ended; one that is not stuck ends by itself.
  thread.on('error', () => {});
  thread.unref();
}
