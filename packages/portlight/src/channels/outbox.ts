import type { ChannelLimits } from './channel-limits.ts';
import type { OutgoingMessage } from './frame.ts';
import { type Flushable, flushLater } from './later.ts';
import type { MessageWire } from './message-wire.ts';

/** What became of a message: it leaves at once, behind others, or not at all. */
export type SendResult = 'sent' | 'buffered' | 'dropped';

/** The one queue of what leaves by a channel, so that answers and publications keep their order. */
export class Outbox implements Flushable {
  readonly #wire: MessageWire;
  readonly #limits: ChannelLimits;
  readonly #onOverflow: () => void;
  #queue: OutgoingMessage[] = [];
  #queuedBytes = 0;
  /** Something waits for the client. */
  #isLagging = false;
  /** By topic, what a client that lags gets next; with the policy `latest`. */
  readonly #latest: Map<string, OutgoingMessage> = new Map();

  /** @param onOverflow called when more waits than may, with the policy `close` */
  constructor(wire: MessageWire, limits: ChannelLimits, onOverflow: () => void) {
    this.#wire = wire;
    this.#limits = limits;
    this.#onOverflow = onOverflow;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.#wire.bufferedBytes;
  }

  /** @param topic what the message was published to */
  push(message: OutgoingMessage, topic?: string): SendResult {
    const { slowClient, maxBackpressureBytes } = this.#limits;
    const waiting = this.bufferedBytes;
    if (slowClient === 'latest' && topic !== undefined && this.#wire.bufferedBytes > 0) {
      this.#latest.set(topic, message);
      this.#isLagging = true;
      return 'buffered';
    }
    if (waiting > 0 && waiting + message.frame.byteLength > maxBackpressureBytes) {
      if (slowClient === 'close') this.#onOverflow();
      return 'dropped';
    }
    this.#queue.push(message);
    this.#queuedBytes += message.frame.byteLength;
    // A close that stands behind the message in what was read must not overtake the answer.
    if (this.#wire.isGathering) this.flush();
    else if (this.#queue.length === 1) flushLater(this);
    if (waiting === 0) return 'sent';
    this.#isLagging = true;
    return 'buffered';
  }

  /** The wire is empty. @returns whether something had to wait for that */
  taken(): boolean {
    if (!this.#isLagging) return false;
    this.#isLagging = false;
    const messages = [...this.#latest.values()];
    this.#latest.clear();
    if (messages.length > 0) this.#wire.write(messages);
    return true;
  }

  flush(): void {
    if (this.#queue.length === 0) return;
    const messages = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#wire.write(messages);
  }

  clear(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#latest.clear();
  }
}
