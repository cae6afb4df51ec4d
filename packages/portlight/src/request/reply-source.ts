/** What gives the body of a response while it is sent, as far as the request that is answered with it has to know. */
export interface ReplySource {
  /** How many chunks it gave. */
  readonly chunks: number;
  /** Whether it has ended, failed or been given up. */
  readonly isOver: boolean;
  /** Tells it that nobody waits any more. Never throws. */
  cancel(reason: Error): void;
  /** Fails what the app reads of it, as nothing else will tell the app that it is not whole. Never throws. */
  failReader(reason: Error): void;
  /**
   * Ends what the app has of it: the response is over, and nothing that is made of it reaches anybody. Never throws.
   */
  release(): void;
  /** @param listener called when the source itself fails; says whether somebody else tells of it */
  whenFailed(listener: (error: Error) => boolean): void;
}
