import { DEFAULTS } from '../defaults.ts';
import type { Publication } from '../hub/publication.ts';
import { Backlog } from './backlog.ts';
import type { ChannelLimits } from './channel-limits.ts';
import { type OutgoingMessage, toMessage } from './frame.ts';
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
  /** What has been missed and is not written yet, and what was sent behind it. */
  #backlog: Backlog<OutgoingMessage> | undefined;
  #isPumpDue = false;
  /** How much was on the wire when it last changed, and when that was seen. */
  #pace: { readonly bytes: number; readonly at: number } | undefined;

  /** @param onOverflow called when more waits than may, with the policy `close` */
  constructor(wire: MessageWire, limits: ChannelLimits, onOverflow: () => void) {
    this.#wire = wire;
    this.#limits = limits;
    this.#onOverflow = onOverflow;
  }

  get bufferedBytes(): number {
    return this.#onWayBytes + (this.#backlog?.liveBytes ?? 0);
  }

  /** What is written, or will be when the work of this tick is done. */
  get #onWayBytes(): number {
    return this.#queuedBytes + this.#wire.bufferedBytes;
  }

  /** @param topic what the message was published to */
  push(message: OutgoingMessage, topic?: string): SendResult {
    const { slowClient, maxBackpressureBytes } = this.#limits;
    const backlog = this.#backlog;
    const waiting = backlog === undefined ? this.bufferedBytes : backlog.liveBytes;
    const isBehind = backlog !== undefined || this.#wire.bufferedBytes > 0;
    if (slowClient === 'latest' && topic !== undefined && isBehind) {
      this.#latest.set(topic, message);
      this.#isLagging = true;
      return 'buffered';
    }
    if (waiting > 0 && waiting + message.frame.byteLength > maxBackpressureBytes) {
      if (slowClient === 'close') this.#onOverflow();
      return 'dropped';
    }
    if (backlog === undefined) this.#queueUp(message);
    else backlog.push(message);
    if (waiting === 0 && backlog === undefined) return 'sent';
    this.#isLagging = true;
    return 'buffered';
  }

  /** Sends what the client has missed, as fast as it takes it. What is pushed after it comes behind. */
  replay(publication: Publication): void {
    const backlog = (this.#backlog ??= new Backlog(({ frame }) => frame.byteLength));
    if (!backlog.pushLate(publication) && this.#limits.slowClient === 'close') this.#onOverflow();
    this.#pump();
  }

  /**
   * Looks after a client that gets what it has missed and takes nothing of it.
   *
   * @param now in ms, of a clock that only goes on
   */
  beat(now: number): void {
    if (this.#backlog === undefined) this.#pace = undefined;
    else if (this.#pace?.bytes !== this.#onWayBytes) this.#pace = { bytes: this.#onWayBytes, at: now };
    else if (now - this.#pace.at >= DEFAULTS.writeTimeoutMs) this.#onOverflow();
  }

  /** The wire is empty. @returns whether something had to wait for that */
  taken(): boolean {
    if (this.#backlog !== undefined) {
      this.#pumpSoon();
      return false;
    }
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
    if (this.#backlog !== undefined && this.#wire.bufferedBytes === 0) this.#pumpSoon();
  }

  /** What has been missed and is not written yet is not sent, nor what was sent behind it. */
  giveUp(): void {
    this.#backlog = undefined;
  }

  /** Writes all that waits, whatever the client takes. */
  finish(): void {
    this.#drain(Infinity);
    this.flush();
  }

  clear(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#latest.clear();
    this.#backlog = undefined;
  }

  #queueUp(message: OutgoingMessage): void {
    this.#queue.push(message);
    this.#queuedBytes += message.frame.byteLength;
    // A close that stands behind the message in what was read must not overtake the answer.
    if (this.#wire.isGathering) this.flush();
    else if (this.#queue.length === 1) flushLater(this);
  }

  #pump(): void {
    this.#drain(DEFAULTS.replayBytes);
    if (this.#backlog !== undefined) this.#isLagging = true;
  }

  /** Not at once, so that a client that always takes it does not keep all others waiting. */
  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    setImmediate(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  /** @param upToBytes how much may be on its way */
  #drain(upToBytes: number): void {
    const backlog = this.#backlog;
    if (backlog === undefined) return;
    while (!backlog.isEmpty && this.#onWayBytes < upToBytes) {
      const message = backlog.shift(encode);
      if (message !== undefined) this.#queueUp(message);
    }
    if (backlog.isEmpty) this.#backlog = undefined;
  }
}

function encode({ payload }: Publication): OutgoingMessage {
  return toMessage(payload);
}
