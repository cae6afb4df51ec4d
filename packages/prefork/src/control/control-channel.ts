import { type ControlMessage, formatControlMessage, parseControlMessage } from './control-message.ts';
import { UnheardError } from '../unheard-error.ts';
import type { ControlPort } from '../ports/control-port.ts';

/**
 * What is done about a message of the app. `false`, or an error, says that the handle was not taken: it is closed, and
 * who sent it is told. A function is called when the other side has been told that it was taken, whatever becomes of
 * this process from then on: before, it may give the same handle to another one.
 */
export type MessageHandler = (data: unknown, handle: object | undefined) => boolean | void | (() => void);

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
  #hasEnded = false;

  constructor(port: ControlPort, options: ControlChannelOptions) {
    this.#port = port;
    this.#options = options;
    port.listen({
      received: (message, handle) => this.#receive(message, handle),
      closed: () => this.end(),
    });
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  on(type: string, handler: MessageHandler): void {
    this.#handlers.set(type, handler);
  }

  /**
   * Resolves to whether it went out, with a handle: whether the other side took it. Never rejects. This side keeps its
   * copy of the handle.
   *
   * @throws {TypeError} on data that has no JSON, or a handle that is none
   */
  send(type: string, data?: unknown, handle?: object): Promise<boolean> {
    if (handle === undefined) return this.control({ kind: 'message', type, data });
    // Before Node takes the handle apart to send it.
    JSON.stringify(data);
    const id = ++this.#lastId;
    const taken = new Promise<boolean>((resolve) => this.#untaken.set(id, resolve));
    this.#write({ kind: 'message', type, data, id }, handle, (isWritten) => {
      if (!isWritten) this.#settle(id, false);
    });
    return taken;
  }

  /** Resolves to whether it went out. @throws {TypeError} on what has no JSON */
  control(message: ControlMessage): Promise<boolean> {
    let settle: (isWritten: boolean) => void = () => {};
    const written = new Promise<boolean>((resolve) => (settle = resolve));
    this.#write(message, undefined, settle);
    return written;
  }

  /** Nothing arrives any more. Node does not tell of that while a handle waits to be taken. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const id of [...this.#untaken.keys()]) this.#settle(id, false);
    this.#options.onClosed();
  }

  #write(message: ControlMessage, handle: object | undefined, done: (isWritten: boolean) => void): void {
    if (this.#port.isOpen) this.#port.write(formatControlMessage(message), handle, done);
    else done(false);
  }

  #receive(value: unknown, handle: object | undefined): void {
    try {
      const message = parseControlMessage(value);
      if (message === undefined) return;
      if (message.kind === 'message') this.#hear(message, handle);
      else if (message.kind === 'taken') this.#settle(message.id, message.isTaken);
      else this.#options.onControl(message);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #settle(id: number, isTaken: boolean): void {
    this.#untaken.get(id)?.(isTaken);
    this.#untaken.delete(id);
  }

  #hear({ type, data, id }: ControlMessage & { readonly kind: 'message' }, handle: object | undefined): void {
    let outcome: ReturnType<MessageHandler> = false;
    try {
      const handler = this.#handlers.get(type);
      if (handler === undefined) throw new UnheardError(`Nobody sees to messages of the type ${type}.`);
      outcome = handler(data, handle);
    } catch (error) {
      this.#options.onError(error);
    }
    const isTaken = outcome !== false;
    if (!isTaken) closeHandle(handle);
    const goOn = typeof outcome === 'function' ? outcome : () => {};
    if (id === undefined) goOn();
    else this.#write({ kind: 'taken', id, isTaken: isTaken && handle !== undefined }, undefined, goOn);
  }
}

/** A socket is destroyed; a server, and what Node has below both, is closed. */
function closeHandle(handle: object | undefined): void {
  const { destroy, close } = (handle ?? {}) as { readonly destroy?: unknown; readonly close?: unknown };
  const end = typeof destroy === 'function' ? destroy : close;
  if (typeof end === 'function') end.call(handle);
}
