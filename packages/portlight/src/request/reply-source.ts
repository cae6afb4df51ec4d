/** What gives the body of a response while it is sent, as far as the request that is answered with it has to know. */
export interface ReplySource {
  /** How many chunks it gave. */
  readonly chunks: number;
  /** Whether it has ended, failed or been given up. */
  readonly isOver: boolean;
  /** Tells it that nobody waits any more. Never throws. */
  cancel(reason: Error): void;
}
