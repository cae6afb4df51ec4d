/**
 * How far a connection is on its way to the end. It never goes back.
 *
 * - `open`: requests are read and answered.
 * - `last`: the next response that no request has followed says that it is the last one.
 * - `closing`: the last request has come; what follows it is not looked at any more (RFC 9112 §9.6).
 * - `refused`: what came last was no request. When those before it are answered, that is answered too, once.
 * - `ending`: the last answer is out; it is open only to let the client read it.
 */
export type ConnectionPhase = 'open' | 'last' | 'closing' | 'refused' | 'ending';

/**
 * Behind a last request nothing is read, so nothing can be refused. A refusal is given up only where a response to what
 * came before it turns out to have no end but that of the connection.
 */
const NEXT: Readonly<Record<ConnectionPhase, readonly ConnectionPhase[]>> = {
  open: ['last', 'closing', 'refused', 'ending'],
  last: ['closing', 'refused', 'ending'],
  closing: ['ending'],
  refused: ['closing', 'ending'],
  ending: [],
};

/** Whether a connection may go from one phase to another. */
export function mayFollow(from: ConnectionPhase, to: ConnectionPhase): boolean {
  return NEXT[from].includes(to);
}
