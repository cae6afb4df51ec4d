import { ReplyError } from './errors/reply-error.ts';

/**
 * What a promise resolves to, if it does so in time.
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
    timer = setTimeout(() => reject(makeError()), limitMs);
  });
  try {
    return await Promise.race([promise, overdue]);
  } finally {
    clearTimeout(timer);
  }
}
