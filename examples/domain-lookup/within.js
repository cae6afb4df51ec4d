/**
 * Does some work under a signal that aborts when the outer one does, or after so long. A timer of its own, since what
 * `AbortSignal.any([signal, AbortSignal.timeout(ms)])` gives may be collected as garbage by Node 20 before it aborts.
 */
export async function within(ms, outer, work) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, ms);
  outer.addEventListener('abort', abort, { once: true });
  if (outer.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}
