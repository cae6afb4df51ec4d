/** Why joins failed that are made up for. */
const reasons = new WeakSet<object>();

/** The join that has failed by this stays wanted: it is made when the bus works again. */
export function noteStillWanted(error: unknown): void {
  if (typeof error === 'object' && error !== null) reasons.add(error);
}

/** Whether it is only a join that has failed, and stays wanted: no reason to end a channel. */
export function isStillWanted(error: unknown): boolean {
  return typeof error === 'object' && error !== null && reasons.has(error);
}
