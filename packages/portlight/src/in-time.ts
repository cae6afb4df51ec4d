import { ReplyError } from './errors/reply-error.ts';

/**
 * What the app's function resolves to, if it does so in time.
 *
 * @param what who is waited for, as the beginning of a sentence
 * @throws {ReplyError} when it takes longer
 * @throws what the promise rejects with
 */
export async function inTime<Value>(promise: PromiseLike<Value>, limitMs: number, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ReplyError(`${what} took longer than ${limitMs} ms.`)), limitMs);
  });
  try {
    return await Promise.race([promise, overdue]);
  } finally {
    clearTimeout(timer);
  }
}
