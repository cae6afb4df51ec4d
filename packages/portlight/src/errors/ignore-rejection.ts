/**
 * Looks after a result of the app that nobody waits for: its rejection must not end the process.
 *
 * @param onRejected told of it, where somebody is to know
 * @returns whether it is a promise, or anything else with a `then`
 */
export function ignoreRejection(result: unknown, onRejected: (reason: unknown) => void = () => {}): boolean {
  try {
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== 'function') return false;
    void Promise.resolve(result).then(undefined, onRejected);
    return true;
  } catch {
    // A getter of the app's own.
    return false;
  }
}
