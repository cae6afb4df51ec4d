import type { Duplex } from 'node:stream';
import type { HttpRequest } from '../request/http-request.ts';

/** A request that is lent to a taker. What belongs to node:http has no names here. */
export interface LentExchange {
  /** The `IncomingMessage`. Nothing of its body was read. */
  readonly message: unknown;
  /** The `ServerResponse`, with the fields that guards, middleware and routers have set. */
  readonly response: unknown;
}

/** An upgrade that is lent to a taker. */
export interface LentUpgrade {
  /** The `IncomingMessage`. */
  readonly message: unknown;
  readonly socket: Duplex;
  /** What came behind the head. */
  readonly head: Buffer;
  /** Name and value of fields that the 101 shall have, set by guards, middleware and routers. */
  readonly fields: Iterable<readonly [name: string, value: string]>;
}

/**
 * A guest on the port: it takes the exchanges of its path over from where a handler would be called, and answers by
 * itself. Guards, middleware, limits and error handlers are those of every route.
 */
export interface Taker {
  /** What it speaks after an upgrade, in lower case. @default ['websocket'] */
  readonly protocols?: readonly string[];
  /** Whether pages of this origin may ask for an upgrade, beside those that the server lets in. */
  allowsOrigin?(origin: string): boolean;
  /** Answers a request. What it throws, or rejects with, before it has begun to send goes to the error handlers. */
  request(request: HttpRequest, lent: LentExchange): unknown;
  /** Answers an upgrade; without it, none is taken. */
  upgrade?(request: HttpRequest, lent: LentUpgrade): unknown;
  /** Called when the server begins to stop: what it holds open has to end. */
  stop?(): void;
}
