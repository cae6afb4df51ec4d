import type { OutgoingMessage } from './frame.ts';

/** What a wire tells whoever listens. */
export interface WireListener {
  message(data: string | Buffer): void;
  /** All that was written is out; told after every write. */
  taken(): void;
  /** Bytes of any kind came: the client lives. */
  alive(): void;
  /**
   * The client has begun to close, or what it sent is no WebSocket any more: nothing of it follows but `closed`.
   *
   * @param isClean whether it said so
   */
  closing(isClean: boolean): void;
  /** The connection is gone; told once, the last of all. */
  closed(code: number, reason: string): void;
}

/** An upgraded connection, as the edge lends it to a channel. Messages that come before `listen` wait. */
export interface MessageWire {
  /** Neither side has begun to close. */
  readonly isOpen: boolean;
  /** What the client has not yet taken, but for what is written while bytes of its own are read. */
  readonly bufferedBytes: number;
  /**
   * What is written now leaves with everything that is written until the bytes that just came are read: nothing is
   * gained by waiting.
   */
  readonly isGathering: boolean;
  listen(listener: WireListener): void;
  write(messages: readonly OutgoingMessage[]): void;
  ping(): void;
  /** Begins the closing handshake; a client that does not answer is cut two seconds later. */
  close(code: number, reason: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}
