import { ReplyError } from './errors/reply-error.ts';

/** A timer that is later than this, in ms, says that this process itself was busy. */
const LATE_MS = 100;

/**
 * What a promise resolves to, if it does so in time. Time in which this process itself was busy is nobody else's: then
 * it is waited for as long again.
 *
 * @param what who is waited for, as the beginning of a sentence; or what makes the error
 * @throws {ReplyError} when it takes longer; or that error
 * @throws what the promise rejects with
 */
export async function inTime<Value>(
  promise: PromiseLike<Value>,
  limitMs: number,
  what: string | (() => Error),
): Promise<Value> {
  const makeError = typeof what === 'function' ? what : () => new ReplyError(`${what} took longer than ${limitMs} ms.`);
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    const arm = (): void => {
      const lateAt = performance.now() + limitMs + LATE_MS;
      timer = setTimeout(() => (performance.now() < lateAt ? reject(makeError()) : arm()), limitMs);
    };
    arm();
  });
  try {
    return await Promise.race([promise, overdue]);
  } finally {
    clearTimeout(timer);
  }
}
