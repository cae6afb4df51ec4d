import type { Publication } from './publication.ts';

/** One open channel, a WebSocket or an event stream, as the hub sees it. */
export interface Subscriber {
  /** Of no other channel, in any process. */
  readonly id: string;
  /** Queues a publication for the client. Never throws. */
  deliver(publication: Publication): void;
  /**
   * Queues a publication that the client has missed. There may be many of them at once: it gets them as fast as it
   * takes them, and what is delivered after them comes behind. Never throws.
   */
  replay(publication: Publication): void;
  /**
   * Tells that something may be missing in front of what is delivered next. Never throws.
   *
   * @param gap an event `portlight.gap`
   */
  miss(gap: Publication): void;
}
