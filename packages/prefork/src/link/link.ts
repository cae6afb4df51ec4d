import { encodeFrame, type Frame, FRAME_KINDS, FrameReader } from './frame.ts';
import { LinkError } from './link-error.ts';
import type { Port } from '../ports/port.ts';
import { UnheardError } from '../unheard-error.ts';

/** What a call gives: data that JSON can say, and bytes beside it. */
export interface Answer {
  readonly data?: unknown;
  readonly body?: Uint8Array | undefined;
}

/** What is done about a message. What it throws goes to the listener of errors. */
export type TellHandler = (data: unknown, body: Uint8Array | undefined) => void;

/** What answers a call. What it throws or rejects with is the failure of the call. */
export type CallHandler = (data: unknown, body: Uint8Array | undefined) => Answer | void | Promise<Answer | void>;

/** A message in the form in which it is written, for any number of links. */
export type EncodedMessage = readonly Uint8Array[];

export interface LinkOptions {
  /** Beyond so many bytes that the other side has not taken, a call is refused. @default 64 MiB */
  readonly maxPendingBytes?: number;
  /** Told of a handler that failed, of a message for which there is none, and of bytes that are no frame. */
  readonly onError?: (error: unknown) => void;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const MAX_PENDING_BYTES = 64 * 1024 * 1024;

/**
 * One end of a line between two processes: messages, and calls with answers. What one end says arrives in the order in
 * which it was said. What it says in one callback of its loop is written when that has returned, before the next one
 * runs.
 */
export class Link {
  readonly #port: Port;
  readonly #reader: FrameReader = new FrameReader();
  readonly #maxPendingBytes: number;
  readonly #onError: (error: unknown) => void;
  readonly #tellHandlers: Map<string, TellHandler> = new Map();
  readonly #callHandlers: Map<string, CallHandler> = new Map();
  readonly #waiting: Map<number, Waiting> = new Map();
  #unwritten: Uint8Array[] = [];
  #unwrittenBytes = 0;
  #lastId = 0;
  #isClosed = false;
  readonly #onDrained: (() => void)[] = [];
  readonly #onClosed: (() => void)[] = [];

  constructor(port: Port, { maxPendingBytes = MAX_PENDING_BYTES, onError = () => {} }: LinkOptions = {}) {
    this.#port = port;
    this.#maxPendingBytes = maxPendingBytes;
    this.#onError = onError;
    port.listen({
      received: (bytes) => this.#receive(bytes),
      drained: () => {
        for (const listener of this.#onDrained) listener();
      },
      closed: () => this.#end(),
    });
  }

  /** A message that goes to many. @throws {TypeError} on data that has no JSON */
  static encode(name: string, data?: unknown, body?: Uint8Array): EncodedMessage {
    return encodeFrame({ kind: FRAME_KINDS.tell, id: 0, name, data, body });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What the other side has not taken yet. */
  get pendingBytes(): number {
    return this.#unwrittenBytes + this.#port.pendingBytes;
  }

  /** Sees to the messages of a name. */
  on(name: string, handler: TellHandler): this {
    this.#tellHandlers.set(name, handler);
    return this;
  }

  /** Answers the calls of a name; those that come at once are all begun, whatever the first one waits for. */
  answer(name: string, handler: CallHandler): this {
    this.#callHandlers.set(name, handler);
    return this;
  }

  /** Called whenever the other side has taken something. */
  onDrained(listener: () => void): void {
    this.#onDrained.push(listener);
  }

  /** Called once, when nothing arrives any more; at once where that is so already. */
  onClosed(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#onClosed.push(listener);
  }

  /** Says something, and does not hear what becomes of it. Says nothing when the link is closed. */
  tell(name: string, data?: unknown, body?: Uint8Array): void {
    this.send(Link.encode(name, data, body));
  }

  send(message: EncodedMessage): void {
    if (this.#isClosed) return;
    if (this.#unwritten.length === 0) process.nextTick(() => this.flush());
    for (const part of message) {
      this.#unwritten.push(part);
      this.#unwrittenBytes += part.byteLength;
    }
  }

  /** @throws {LinkError} see there */
  call(name: string, data?: unknown, body?: Uint8Array): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(closedError(name));
    if (this.pendingBytes > this.#maxPendingBytes)
      return Promise.reject(new LinkError(`Too much waits before ${name}.`, 'ERR_PREFORK_LINK_FULL'));
    // 32 bits, as in the frame; nobody waits for the one so many calls before.
    const id = (this.#lastId = (this.#lastId + 1) >>> 0);
    return new Promise((resolve, reject) => {
      this.send(encodeFrame({ kind: FRAME_KINDS.call, id, name, data, body }));
      this.#waiting.set(id, { resolve, reject });
    });
  }

  /** Writes what was said, without waiting for the end of this turn. */
  flush(): void {
    if (this.#unwritten.length === 0) return;
    const parts = this.#unwritten;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    this.#port.write(parts);
  }

  /** What was said still arrives; calls that wait are refused. */
  close(): void {
    this.flush();
    this.#port.close();
  }

  #receive(bytes: Buffer): void {
    let frames: readonly Frame[];
    try {
      frames = this.#reader.read(bytes);
    } catch (error) {
      this.#onError(error);
      this.close();
      return;
    }
    for (const frame of frames) this.#take(frame);
  }

  #take({ kind, id, name, data, body }: Frame): void {
    if (kind === FRAME_KINDS.tell) this.#hear(name, data, body);
    else if (kind === FRAME_KINDS.call) this.#serve(id, name, data, body);
    else {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (kind === FRAME_KINDS.answer) waiting?.resolve({ data, body });
      else waiting?.reject(new LinkError(String(data), 'ERR_PREFORK_REMOTE'));
    }
  }

  #hear(name: string, data: unknown, body: Uint8Array | undefined): void {
    try {
      const handler = this.#tellHandlers.get(name);
      if (handler === undefined) throw new UnheardError(`Nobody sees to messages of the name ${name}.`);
      handler(data, body);
    } catch (error) {
      this.#onError(error);
    }
  }

  #serve(id: number, name: string, data: unknown, body: Uint8Array | undefined): void {
    const fail = (error: unknown): void => this.#reply(id, FRAME_KINDS.failure, { data: messageOf(error) });
    try {
      const handler = this.#callHandlers.get(name);
      if (handler === undefined) throw new Error(`Nobody answers calls of the name ${name}.`);
      const answer = handler(data, body);
      if (answer instanceof Promise) answer.then((late) => this.#reply(id, FRAME_KINDS.answer, late ?? {})).catch(fail);
      else this.#reply(id, FRAME_KINDS.answer, answer ?? {});
    } catch (error) {
      fail(error);
    }
  }

  #reply(id: number, kind: Frame['kind'], { data, body }: Answer): void {
    this.send(encodeFrame({ kind, id, name: '', data, body }));
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(closedError('a call'));
    for (const listener of this.#onClosed) listener();
  }
}

function closedError(name: string): LinkError {
  return new LinkError(`The other process is gone, and ${name} has no answer.`, 'ERR_PREFORK_LINK_CLOSED');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
