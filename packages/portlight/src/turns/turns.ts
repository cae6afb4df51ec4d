import type { HeldTurn } from '../request/held-turn.ts';
import type { HttpRequest } from '../request/http-request.ts';

/** The right to run code of the app, until it is given back. */
export interface Turn extends HeldTurn {
  /** Called once the code has ended; a second call does nothing. */
  end(): void;
}

/** Who runs code of the app, and when: asked for each request, and for each call to a handler of an open channel. */
export interface Turns {
  /**
   * For all that a request passes, from its middleware to its interceptors.
   *
   * @param timeoutMs what middleware and handler have together; `0` is no limit
   * @param mayReceive whether the body may be taken in before the turn; who answers may want it unread
   * @returns `undefined` where nobody ever waits; else a promise that rejects with an {@link HttpError} when too many
   *   wait, or when the signal of the request aborts before its turn
   */
  ofRequest(request: HttpRequest, timeoutMs: number, mayReceive: boolean): Promise<Turn> | undefined;
  /**
   * As {@link ofRequest}, for a call that is due whatever happens: never rejects.
   *
   * @param onOverdue told when it loses its turn, as it takes too long
   */
  ofChannel(onOverdue: (limitMs: number) => void): Promise<Turn> | undefined;
  /** From now on nobody waits for who had or awaited a turn before: the server has stopped. */
  renew(): void;
}
