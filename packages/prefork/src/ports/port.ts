/** One end of a way for bytes between two processes: they arrive as they were written, in order, or not at all. */
export interface Port {
  /** Bytes that are written and not yet taken by the other side or the system. */
  readonly pendingBytes: number;
  /** Called once, before anything else. */
  listen(listener: PortListener): void;
  /** Does nothing when it is closed. The bytes are not changed any more. */
  write(parts: readonly Uint8Array[]): void;
  /** What was written still arrives. */
  close(): void;
}

export interface PortListener {
  /** The bytes belong to the listener. */
  received(bytes: Buffer): void;
  /** What was pending is less than before. */
  drained(): void;
  /** Nothing arrives any more. Called once, after all that arrived. */
  closed(): void;
}
