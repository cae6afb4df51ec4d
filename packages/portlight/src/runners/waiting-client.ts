import type { Socket } from 'node:net';
import type { Seat } from '../backplane/admission.ts';
import { canStopReading, readOn, stopReading } from '../ports/stop-reading.ts';

const NOTHING = Buffer.alloc(0);

/** A client that this process has accepted, until a child process has it. */
export class WaitingClient {
  readonly socket: Socket;
  /** What it has sent by now, as far as it was read. */
  bytes: Buffer = NOTHING;
  readonly #seat: Seat;
  #timer: NodeJS.Timeout | undefined;
  /** Of its wait, on the clock of `performance`; `undefined` while it has not begun. */
  #waitsUntil: number | undefined;
  #isStopped = false;
  #stopAwaiting: () => void = () => {};
  #isHandedOver = false;

  /** @param seat is given back when the connection ends, in whichever process */
  constructor(socket: Socket, seat: Seat) {
    this.socket = socket;
    this.#seat = seat;
    socket.once('close', () => {
      clearTimeout(this.#timer);
      if (!this.#isHandedOver) seat.release();
    });
  }

  /**
   * Calls once, when its first bytes are enough; where Node cannot stop reading in time, at once and with none.
   *
   * @param isEnough asked of all that came, with how many were there before
   * @param onSilent called instead when that takes too long
   */
  awaitBytes(
    limitMs: number,
    isEnough: (bytes: Buffer, known: number) => boolean,
    onBytes: () => void,
    onSilent: () => void,
  ): void {
    const { socket } = this;
    if (!canStopReading(socket)) return onBytes();
    const onEnd = (): void => void socket.destroy();
    const onData = (bytes: Buffer): void => {
      const known = this.bytes.byteLength;
      this.bytes = known === 0 ? bytes : Buffer.concat([this.bytes, bytes]);
      if (!isEnough(this.bytes, known)) return;
      stopReading(socket);
      this.#isStopped = true;
      this.#stopAwaiting();
      onBytes();
    };
    this.#timer = setTimeout(onSilent, limitMs);
    this.#stopAwaiting = () => {
      clearTimeout(this.#timer);
      socket.off('data', onData).off('end', onEnd);
    };
    socket.on('data', onData).once('end', onEnd);
    socket.resume();
  }

  /** Calls unless it is handed over, or gone, by then: one wait, also where a child does not take it meanwhile. */
  limitWait(ms: number, onLate: () => void): void {
    clearTimeout(this.#timer);
    this.#waitsUntil ??= performance.now() + ms;
    this.#timer = setTimeout(onLate, Math.max(1, this.#waitsUntil - performance.now()));
  }

  /** It is on its way to a child process, and is refused no longer. */
  endWait(): void {
    clearTimeout(this.#timer);
  }

  /** No process gets it: what it sends further is read here. */
  readOn(): void {
    this.#stopAwaiting();
    if (this.#isStopped) readOn(this.socket);
  }

  /** Another process has it. Here it is closed without a word to the client. */
  handOver(): void {
    clearTimeout(this.#timer);
    this.#isHandedOver = true;
    this.socket.destroy();
  }

  /** Its connection has ended in the process that has it, or with that process. */
  end(): void {
    this.#seat.release();
  }
}
