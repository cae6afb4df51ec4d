import { addressKey } from '@portlight/rate-limit';
import type { Admission, Seat, Shortage } from '../backplane/admission.ts';
import type { Line } from './line.ts';
import type { SeatKind } from './seat-desk.ts';
import type { SeatReply } from './seat-messages.ts';
import { SeatPurse } from './seat-purse.ts';

/** Who may come in to one child, by limits that hold for all of them: a `SeatDesk` in the primary keeps them. */
export class ChildSeats {
  readonly connections: Admission;
  readonly channels: Admission;

  constructor(line: Line) {
    this.connections = new ChildAdmission(line, 'connections');
    this.channels = new ChildAdmission(line, 'channels');
  }
}

class ChildAdmission implements Admission {
  readonly #purse: SeatPurse;
  readonly #waiting: Set<(error: Error) => void> = new Set();
  #isClosed = false;

  constructor(line: Line, kind: SeatKind) {
    this.#purse = new SeatPurse((request) => line.tell(`seats.${kind}`, request));
    line.on(`seats.${kind}`, (reply) => this.#purse.hear(reply as SeatReply));
    line.onClosed(() => this.#close());
    this.#purse.join();
  }

  reserve(address: string): Seat | Promise<Seat | Shortage> {
    const key = addressKey(address);
    let settle: (outcome: 'taken' | Shortage) => void = () => {};
    if (this.#purse.take(key, (outcome) => settle(outcome))) return new ChildSeat(this.#purse, key);
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw goneError();
      this.#waiting.add(reject);
      settle = (outcome) => {
        this.#waiting.delete(reject);
        resolve(outcome === 'taken' ? new ChildSeat(this.#purse, key) : outcome);
      };
    });
  }

  #close(): void {
    this.#isClosed = true;
    for (const reject of this.#waiting) reject(goneError());
    this.#waiting.clear();
  }
}

class ChildSeat implements Seat {
  #purse: SeatPurse | undefined;
  readonly #key: string;

  constructor(purse: SeatPurse, key: string) {
    this.#purse = purse;
    this.#key = key;
  }

  release(): void {
    const purse = this.#purse;
    this.#purse = undefined;
    purse?.release(this.#key);
  }
}

function goneError(): Error {
  return new Error('The primary is gone, and with it the count of seats.');
}
