import { type ControlMessage, formatControlMessage, parseControlMessage } from './control-message.ts';
import type { ControlPort } from './control-port.ts';

/**
 * What is done about a message of the app. `false`, or an error, says that the handle was not taken: it is closed, and
 * who sent it is told.
 */
export type MessageHandler = (data: unknown, handle: object | undefined) => boolean | void;

export interface ControlChannelOptions {
  /** What this side itself has to see to: all but messages of the app. */
  readonly onControl: (message: ControlMessage) => void;
  readonly onClosed: () => void;
  /** Told of a handler that failed, and of a message for which there is none. */
  readonly onError: (error: unknown) => void;
}

/** One side of the channel for control: the same in the primary and in the child. */
export class ControlChannel {
  readonly #port: ControlPort;
  readonly #options: ControlChannelOptions;
  readonly #handlers: Map<string, MessageHandler> = new Map();
  readonly #untaken: Map<number, (isTaken: boolean) => void> = new Map();
  #lastId = 0;

  constructor(port: ControlPort, options: ControlChannelOptions) {
    this.#port = port;
    this.#options = options;
    port.listen({
      received: (message, handle) => this.#receive(message, handle),
      closed: () => this.#end(),
    });
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  on(type: string, handler: MessageHandler): void {
    this.#handlers.set(type, handler);
  }

  /**
   * Resolves to whether it went out, with a handle: whether the other side took it. Never rejects.
   *
   * @throws {TypeError} on data that has no JSON
   */
  send(type: string, data?: unknown, handle?: object): Promise<boolean> {
    if (handle === undefined) return this.control({ kind: 'message', type, data });
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const settle = (isTaken: boolean): void => {
        this.#untaken.delete(id);
        resolve(isTaken);
      };
      this.#untaken.set(id, settle);
      this.#write({ kind: 'message', type, data, id }, handle, (isWritten) => {
        if (!isWritten) settle(false);
      });
    });
  }

  /** Resolves to whether it went out. */
  control(message: ControlMessage): Promise<boolean> {
    return new Promise((resolve) => this.#write(message, undefined, resolve));
  }

  #write(message: ControlMessage, handle: object | undefined, done: (isWritten: boolean) => void): void {
    if (this.#port.isOpen) this.#port.write(formatControlMessage(message), handle, done);
    else done(false);
  }

  #receive(value: unknown, handle: object | undefined): void {
    const message = parseControlMessage(value);
    if (message === undefined) return;
    if (message.kind === 'message') this.#hear(message, handle);
    else if (message.kind === 'taken') this.#untaken.get(message.id)?.(message.isTaken);
    else this.#options.onControl(message);
  }

  #hear({ type, data, id }: ControlMessage & { readonly kind: 'message' }, handle: object | undefined): void {
    let isTaken = false;
    try {
      const handler = this.#handlers.get(type);
      if (handler === undefined) throw new Error(`Nobody sees to messages of the type ${type}.`);
      isTaken = handler(data, handle) !== false;
    } catch (error) {
      this.#options.onError(error);
    }
    if (!isTaken) closeHandle(handle);
    if (id !== undefined) void this.control({ kind: 'taken', id, isTaken: isTaken && handle !== undefined });
  }

  #end(): void {
    for (const settle of [...this.#untaken.values()]) settle(false);
    this.#options.onClosed();
  }
}

/** A socket is destroyed; a server, and what Node has below both, is closed. */
function closeHandle(handle: object | undefined): void {
  const { destroy, close } = (handle ?? {}) as { readonly destroy?: unknown; readonly close?: unknown };
  const end = typeof destroy === 'function' ? destroy : close;
  if (typeof end === 'function') end.call(handle);
}
