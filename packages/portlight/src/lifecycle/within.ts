import { setTimeout as delay } from 'node:timers/promises';

/** Whether a promise resolved before the time was over. @throws what it rejects with, if it does so in time */
export async function within(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const abandoned = new AbortController();
  const timeout = delay(limitMs, false, { signal: abandoned.signal }).catch(() => false);
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    abandoned.abort();
  }
}
