import type { SendHandle } from 'node:child_process';
import type { ControlListener, ControlPort } from './control-port.ts';

/** What a `ChildProcess` and `process` have alike. */
interface Channel {
  readonly connected: boolean;
  send?(message: object, handle?: SendHandle, options?: object, callback?: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

/** A port over the channel that Node makes to a child process: of a `ChildProcess`, and of `process` in the child. */
export class IpcPort implements ControlPort {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get isOpen(): boolean {
    return this.#channel.connected;
  }

  listen(listener: ControlListener): void {
    this.#channel.on('message', (message: unknown, handle: unknown) =>
      listener.received(message, (handle as object | null) ?? undefined),
    );
    this.#channel.on('disconnect', () => listener.closed());
  }

  write(message: object, handle: object | undefined, done: (isWritten: boolean) => void): void {
    // With a callback a closed channel is told there, and is no event that ends the process.
    this.#channel.send?.(message, handle as SendHandle, { keepOpen: true }, (error) => done(error === null));
  }
}
