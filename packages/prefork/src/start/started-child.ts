import type { ControlPort } from '../ports/control-port.ts';
import type { Port } from '../ports/port.ts';
import type { ChildCommand } from './child-command.ts';

/** A child process, as the supervisor sees it. */
export interface StartedChild {
  /** `undefined` where it could not be started. */
  readonly pid: number | undefined;
  readonly control: ControlPort;
  readonly port: Port;
  /** Does nothing when it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Called once, when it has ended and all it wrote was read; with an error where it could not be started. */
  onEnd(listener: (end: ChildEnd) => void): void;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

export type StartChild = (command: ChildCommand) => StartedChild;
