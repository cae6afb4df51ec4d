import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { OutgoingMessage } from '../../channels/frame.ts';
import type { MessageWire, WireListener } from '../../channels/message-wire.ts';
import { DEFAULTS } from '../../defaults.ts';

/** Up to how many bytes several frames are copied into one; from there on the system call gathers them. */
const MOST_JOINED = 65_536;

/** The wire of a channel over ws, which reads, keeps the protocol and closes. Data frames are written by ourselves, many in one go. */
export class WebSocketWire implements MessageWire {
  readonly #websocket: WebSocket;
  readonly #socket: Socket;
  /** Compressed messages are ws's to frame. */
  readonly #isPlain: boolean;
  readonly #onCut: () => void;
  #isGathering = false;
  #gatheredBytes = 0;
  #onWritten: () => void = () => {};

  /** @param onCut called when the client is cut that does not take what was sent before the close */
  constructor(websocket: WebSocket, socket: Socket, onCut: () => void) {
    this.#onCut = onCut;
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
    this.#socket.prependListener('data', this.#gather);
    websocket.on('message', (data, isBinary) => {
      // A compressed message comes later than its bytes.
      this.#gather();
      listener.message(isBinary ? (data as Buffer) : (data as Buffer).toString());
    });
    websocket.on('ping', () => listener.alive());
    websocket.on('pong', () => listener.alive());
    // It closes by itself after one, with the code that says why.
    websocket.on('error', () => {});
    websocket.on('close', (code, reason) => listener.closed(code, reason.toString()));
    this.#onWritten = () => {
      if (this.#websocket.bufferedAmount === 0) listener.taken();
    };
  }

  write(messages: readonly OutgoingMessage[]): void {
    if (!this.isOpen) return;
    if (!this.#isPlain) {
      for (const { kind, payload } of messages) this.#websocket.send(payload, { binary: kind === 'binary' }, this.#onWritten);
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
      if (this.#socket.writableLength > 0) this.#onCut();
      websocket.terminate();
    }, DEFAULTS.closeTimeoutMs).unref();
    websocket.once('close', () => clearTimeout(timer));
    websocket.close(code, reason);
    // A client that is not read from could not answer.
    websocket.resume();
  }

  terminate(): void {
    this.#websocket.terminate();
  }

  pause(): void {
    this.#websocket.pause();
  }

  resume(): void {
    this.#websocket.resume();
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
