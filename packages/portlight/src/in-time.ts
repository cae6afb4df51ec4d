import { ReplyError } from './errors/reply-error.ts';

/** A timer that is later than this, in ms, says that this process itself was busy. */
const LATE_MS = 25;

/**
 * What a promise resolves to, if it does so in time. Where this process itself was busy, what has come meanwhile is
 * read first.
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
  const lateAt = performance.now() + limitMs + LATE_MS;
  let isSettled = false;
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => {
      if (!isSettled) reject(makeError());
    };
    timer = setTimeout(() => {
      if (performance.now() < lateAt) giveUp();
      else setImmediate(giveUp);
    }, limitMs);
  });
  try {
    return await Promise.race([promise, overdue]);
  } finally {
    isSettled = true;
    clearTimeout(timer);
  }
}
