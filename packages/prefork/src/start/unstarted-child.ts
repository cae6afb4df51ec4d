import type { StartedChild } from './started-child.ts';

/** In the place of a child that could not be started: it ends, for this reason, as soon as it is listened to. */
export function unstartedChild(error: Error): StartedChild {
  return {
    pid: undefined,
    control: { isOpen: false, listen() {}, write: (_message, _handle, done) => done(false) },
    port: { pendingBytes: 0, listen: (listener) => setImmediate(() => listener.closed()), write() {}, close() {} },
    kill() {},
    onEnd: (listener) => setImmediate(() => listener({ code: null, signal: null, error })),
  };
}
