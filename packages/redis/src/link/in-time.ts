/** A timer that is later than this, in ms, says that this process itself was busy. */
const LATE_MS = 100;

/**
 * What becomes of a promise within a time. Where this process itself was busy at its end, what has arrived meanwhile
 * counts.
 *
 * @throws an error with the sentence when that is over
 */
export async function inTime<Value>(promise: Promise<Value>, limitMs: number, sentence: string): Promise<Value> {
  const lateAt = performance.now() + limitMs + LATE_MS;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const fail = (): void => reject(new Error(sentence));
    const end = (): unknown => (performance.now() < lateAt ? fail() : (timer = setTimeout(fail, LATE_MS)));
    timer = setTimeout(end, limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
