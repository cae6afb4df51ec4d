import type { Socket } from 'node:net';
import type { OutgoingMessage } from '../../channels/frame.ts';
import type { MessageWire, WireListener } from '../../channels/message-wire.ts';
import { DEFAULTS } from '../../defaults.ts';
import { closeCodeOf, type TellingWebSocket } from './websocket-server.ts';

/** Up to how many bytes several frames are copied into one; from there on the system call gathers them. */
const MOST_JOINED = 65_536;

/** What a wire tells the edge. */
export interface WireEvents {
  /** The client was cut that does not take what was sent before the close. */
  cut(): void;
  /** ws has ended the channel of its own accord. @param why as ws says it */
  ended(why: string, code: string | undefined): void;
}

/**
 * The wire of a channel over ws, which reads, keeps the protocol and closes. Data frames are written by ourselves, many
 * in one go.
 */
export class WebSocketWire implements MessageWire {
  readonly #websocket: TellingWebSocket;
  readonly #socket: Socket;
  /** Compressed messages are ws's to frame. */
  readonly #isPlain: boolean;
  readonly #events: WireEvents;
  /** What ws does at the moment, we asked it for. */
  #isAsked = false;
  #isGathering = false;
  #gatheredBytes = 0;
  #onWritten: () => void = () => {};

  constructor(websocket: TellingWebSocket, socket: Socket, events: WireEvents) {
    this.#events = events;
    this.#websocket = websocket;
    this.#socket = socket;
    this.#isPlain = websocket.extensions === '';
  }

  get isOpen(): boolean {
    return this.#websocket.readyState === this.#websocket.OPEN;
  }

  get bufferedBytes(): number {
    return this.#websocket.bufferedAmount - this.#gatheredBytes;
  }

  get isGathering(): boolean {
    return this.#isGathering;
  }

  listen(listener: WireListener): void {
    const websocket = this.#websocket;
    this.#socket.prependListener('data', () => {
      listener.alive();
      this.#gather();
    });
    websocket.on('message', (data, isBinary) => {
      // A compressed message comes later than its bytes.
      this.#gather();
      listener.message(isBinary ? (data as Buffer) : (data as Buffer).toString());
    });
    websocket.on('error', (error: NodeJS.ErrnoException) => {
      // It has closed by itself, with the code that says why. Other failures are those of the socket.
      if (error.code?.startsWith('WS_ERR_') !== true) return;
      this.#events.ended(error.message, error.code);
      listener.closing(false);
    });
    let hasClosed = false;
    websocket.onClosing = (code) => {
      hasClosed = true;
      if (this.#isAsked) return;
      websocket.failedWith = code;
      listener.closing(true);
    };
    // ws tells of a connection that is lost a little later, and of a close frame that is still compressed then.
    const lost = (): void => {
      if (!hasClosed && this.#isPlain) listener.closing(false);
    };
    this.#socket.once('end', lost);
    this.#socket.once('close', lost);
    websocket.onCut = () => {
      if (!this.#isAsked) this.#events.ended('Too many pongs wait for the client.', undefined);
    };
    websocket.on('close', (code, reason) => listener.closed(closeCodeOf(websocket, code), reason.toString()));
    this.#onWritten = () => {
      if (this.#websocket.bufferedAmount === 0) listener.taken();
    };
  }

  write(messages: readonly OutgoingMessage[]): void {
    if (!this.isOpen) return;
    if (!this.#isPlain) {
      for (const { kind, payload } of messages)
        this.#websocket.send(payload, { binary: kind === 'binary' }, this.#onWritten);
      return;
    }
    const [first] = messages;
    const before = this.#socket.writableLength;
    if (messages.length === 1 && first !== undefined) this.#socket.write(first.frame, this.#onWritten);
    else this.#writeAll(messages.map(({ frame }) => frame));
    if (this.#isGathering) this.#gatheredBytes += this.#socket.writableLength - before;
  }

  ping(): void {
    this.#websocket.ping();
  }

  close(code: number, reason: string): void {
    const websocket = this.#websocket;
    const timer = setTimeout(() => {
      if (this.#socket.writableLength > 0) this.#events.cut();
      this.terminate();
    }, DEFAULTS.closeTimeoutMs).unref();
    websocket.once('close', () => clearTimeout(timer));
    this.#ask(() => websocket.close(code, reason));
    // A client that is not read from could not answer.
    websocket.resume();
  }

  terminate(): void {
    this.#ask(() => this.#websocket.terminate());
  }

  pause(): void {
    this.#websocket.pause();
  }

  resume(): void {
    this.#websocket.resume();
  }

  #ask(act: () => void): void {
    this.#isAsked = true;
    act();
    this.#isAsked = false;
  }

  /** Runs before ws reads what came: answers to all of it leave in one write, and before ws answers a close. */
  readonly #gather = (): void => {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#isGathering = false;
      this.#gatheredBytes = 0;
      this.#socket.uncork();
    });
  };

  #writeAll(frames: readonly Buffer[]): void {
    const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
    if (bytes <= MOST_JOINED) {
      this.#socket.write(Buffer.concat(frames, bytes), this.#onWritten);
      return;
    }
    this.#socket.cork();
    for (const frame of frames) this.#socket.write(frame, this.#onWritten);
    this.#socket.uncork();
  }
}
