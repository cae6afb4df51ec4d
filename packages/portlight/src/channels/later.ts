/** What has something to write when the work of this tick is done. */
export interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];

/**
 * Calls `flush` once the code that runs now, and all promises that it settles, are through: what a burst queues leaves
 * in one write.
 */
export function flushLater(target: Flushable): void {
  if (waiting.length === 0) process.nextTick(flushAll);
  waiting.push(target);
}

function flushAll(): void {
  const targets = waiting;
  waiting = [];
  for (const target of targets) target.flush();
}
