/** One end of a way for single messages between two processes, each with a handle of the system beside it or none. */
export interface ControlPort {
  readonly isOpen: boolean;
  /** Called once, before anything else. */
  listen(listener: ControlListener): void;
  /**
   * `done` is told, later, whether it was written. @throws {TypeError} on what has no JSON, or a handle that is none
   */
  write(message: object, handle: object | undefined, done: (isWritten: boolean) => void): void;
}

export interface ControlListener {
  /** Anything, from the other process's app too. */
  received(message: unknown, handle: object | undefined): void;
  /** Nothing arrives any more. Called once. */
  closed(): void;
}
