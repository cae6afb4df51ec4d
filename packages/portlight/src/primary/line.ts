/** What a call gives: data that JSON can say, and bytes beside it. */
export interface Reply {
  readonly data?: unknown;
  readonly body?: Uint8Array | undefined;
}

/** A message in the form in which it is written, for any number of lines. */
export type EncodedMessage = readonly Uint8Array[];

/** Makes a message once for many. */
export type Encode = (name: string, data?: unknown, body?: Uint8Array) => EncodedMessage;

type Hear = (data: unknown, body: Uint8Array | undefined) => void;
type Serve = (data: unknown, body: Uint8Array | undefined) => Reply | void | Promise<Reply | void>;

/**
 * One end of the way between a child and its primary, as much of it as the backplane needs: `Link` of
 * `@portlight/prefork` is one. What one end says arrives in the order in which it was said, answers too.
 */
export interface Line {
  /** What the other side has not taken yet. */
  readonly pendingBytes: number;
  /** Sees to the messages of a name; the last handler counts. */
  on(name: string, handler: Hear): unknown;
  /** Answers the calls of a name; what the handler throws is the failure of the call. */
  answer(name: string, handler: Serve): unknown;
  /** Called whenever the other side has taken something. */
  onDrained(listener: () => void): void;
  /** Called once, when nothing arrives any more. */
  onClosed(listener: () => void): void;
  tell(name: string, data?: unknown, body?: Uint8Array): void;
  send(message: EncodedMessage): void;
  /** Rejects when the other side is gone, when it fails there, and when too much waits; then it was not sent. */
  call(name: string, data?: unknown, body?: Uint8Array): Promise<Reply>;
}
