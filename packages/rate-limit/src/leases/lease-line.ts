/**
 * One end of a way between the process that counts and one that holds leases. What one end tells is data that JSON can
 * hold, and arrives in the order in which it was told, or not at all.
 */
export interface LeaseLine {
  tell(name: string, data: unknown): void;
  /** Sees to the messages of a name. Called once for each name, before anything arrives. */
  on(name: string, handler: (data: unknown) => void): unknown;
  /** Called once, when nothing arrives any more, after all that did; at once where that is so already. */
  onClosed(listener: () => void): void;
}
