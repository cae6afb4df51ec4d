import { isPromiseLike } from '../response/is-promise-like.ts';

type MaybePromise<T> = T | Promise<T>;

/** Calls what may be out of reach. What it throws is a rejection, as if the answer had come from elsewhere. */
export function attempt<Value>(call: () => MaybePromise<Value>): MaybePromise<Value> {
  try {
    return call();
  } catch (error) {
    return fail(error);
  }
}

/**
 * Goes on at once where nothing has to be waited for, else when it is there. What goes on and throws is a rejection
 * either way.
 */
export function whenReady<Value, Next>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Next>,
): MaybePromise<Next> {
  return isPromiseLike(value) ? Promise.resolve(value).then(next) : attempt(() => next(value));
}

/** The values at once where nothing has to be waited for, else when all are there. */
export function whenAll<Value>(values: readonly MaybePromise<Value>[]): MaybePromise<readonly Value[]> {
  return values.some(isPromiseLike) ? Promise.all(values) : (values as readonly Value[]);
}

async function fail(error: unknown): Promise<never> {
  throw error;
}
