import { DEFAULTS } from '../defaults.ts';
import type { Line } from './line.ts';
import { SeatBook, type SeatLimits } from './seat-book.ts';
import type { SeatRequest } from './seat-messages.ts';

/** What there are seats for. */
export type SeatKind = 'connections' | 'channels';

/** Keeps the limits of connections and channels for all children, in the primary. */
export class SeatDesk {
  readonly #books: ReadonlyMap<SeatKind, SeatBook>;
  readonly #lines: Map<string, Line> = new Map();

  /** @param children how many there usually are */
  constructor(children: number, limits: Readonly<Record<SeatKind, SeatLimits>>) {
    this.#books = new Map([
      ['connections', this.#open('connections', limits.connections, children)],
      ['channels', this.#open('channels', limits.channels, children)],
    ]);
  }

  /**
   * Answers one child until its line closes. To be called before the child can have said anything.
   *
   * @param owner a name that no other child has, nor had
   */
  serve(line: Line, owner: string): void {
    this.#lines.set(owner, line);
    for (const [kind, book] of this.#books)
      line.on(`seats.${kind}`, (request) => book.hear(owner, request as SeatRequest));
    line.onClosed(() => this.lose(owner));
  }

  /** The child is gone, or is to be taken for gone: its seats are free. The second time it does nothing. */
  lose(owner: string): void {
    if (!this.#lines.delete(owner)) return;
    for (const book of this.#books.values()) book.lose(owner);
  }

  #open(kind: SeatKind, limits: SeatLimits, children: number): SeatBook {
    return new SeatBook(limits, children, {
      send: (owner, reply) => this.#lines.get(owner)?.tell(`seats.${kind}`, reply),
      wait: (then) => void setTimeout(then, DEFAULTS.seatRecallMs).unref(),
    });
  }
}
