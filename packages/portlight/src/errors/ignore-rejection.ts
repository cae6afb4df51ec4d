/**
 * Looks after a result of the app that nobody waits for: its rejection must not end the process.
 *
 * @returns whether it is a promise, or anything else with a `then`
 */
export function ignoreRejection(result: unknown): boolean {
  try {
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== 'function') return false;
    void Promise.resolve(result).then(undefined, () => undefined);
    return true;
  } catch {
    // A getter of the app's own.
    return false;
  }
}
