import type { Socket } from 'node:net';
import type { Seat } from '../backplane/admission.ts';
import { DEFAULTS } from '../defaults.ts';
import { canStopReading, readOn, stopReading } from '../ports/stop-reading.ts';

const NOTHING = Buffer.alloc(0);

/** A client that this process has accepted, until a child process has it. */
export class WaitingClient {
  readonly socket: Socket;
  /** What it has sent by now, as far as it was read. */
  bytes: Buffer = NOTHING;
  readonly #seat: Seat;
  #timer: NodeJS.Timeout | undefined;
  #isHandedOver = false;

  /** @param seat is given back when the connection ends, in whichever process */
  constructor(socket: Socket, seat: Seat) {
    this.socket = socket;
    this.#seat = seat;
    // A client that resets the connection meanwhile must not end the process.
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(this.#timer);
      if (!this.#isHandedOver) seat.release();
    });
  }

  /**
   * Calls once, with its first bytes; where Node cannot stop reading in time, at once and with none.
   *
   * @param onSilent called instead when it has sent nothing for so long
   */
  awaitBytes(limitMs: number, onBytes: () => void, onSilent: () => void): void {
    const { socket } = this;
    if (!canStopReading(socket)) return onBytes();
    const onEnd = (): void => void socket.destroy();
    this.#timer = setTimeout(() => {
      socket.removeAllListeners('data').off('end', onEnd);
      onSilent();
    }, limitMs);
    socket.once('end', onEnd);
    socket.once('data', (bytes: Buffer) => {
      stopReading(socket);
      socket.off('end', onEnd);
      clearTimeout(this.#timer);
      this.bytes = bytes;
      onBytes();
    });
    socket.resume();
  }

  /** Calls unless it is handed over, or gone, by then. */
  limitWait(ms: number, onLate: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onLate, ms);
  }

  /** No process gets it: what it sends further is read here. */
  readOn(): void {
    if (this.bytes !== NOTHING) readOn(this.socket);
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

  /** What goes with its socket. Who gets it later than it says leaves it to another process. */
  describe(id: number): HandedClient {
    const expiresAt = monotonicMs() + DEFAULTS.handOverMs;
    return { id, bytes: this.bytes.toString('base64'), expiresAt };
  }
}

/** What is said of a socket that is handed over. */
export interface HandedClient {
  readonly id: number;
  /** What was read of it, in base64. */
  readonly bytes: string;
  /** On the clock that all processes of a machine share, in ms. */
  readonly expiresAt: number;
}

/** Whether it was handed over too long ago to be taken. */
export function isExpired({ expiresAt }: HandedClient): boolean {
  return monotonicMs() > expiresAt;
}

/** `performance.now()` begins anew in each process. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
