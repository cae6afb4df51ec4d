import { DEFAULTS } from '../defaults.ts';
import type { Hub, JoinOptions } from '../hub/hub.ts';
import { assertJoin } from '../hub/parse-join.ts';
import type { Publication } from '../hub/publication.ts';
import type { Subscriber } from '../hub/subscriber.ts';
import { type AnyRequestShape, controls, type HttpRequest, type RequestShape } from '../request/http-request.ts';
import { parseQuery } from '../request/query.ts';
import { Backlog } from './backlog.ts';
import { encodeEvent, isEventId, type ServerSentEvent } from './encode-event.ts';
import type { SendResult } from './outbox.ts';

/** What the server does with a stream, and an app cannot. Set by the class below. */
export let streamControls: {
  /** What is sent, as text; taken as fast as the client takes it. */
  body(stream: EventStream<RequestShape>): AsyncIterable<string>;
  /** Whether anything may still be sent. */
  isOpen(stream: EventStream<RequestShape>): boolean;
  /** Queues what was published to one of its topics, or the gap in front of it. */
  deliver(stream: EventStream<RequestShape>, publication: Publication): void;
  /** Queues what it has missed. */
  replay(stream: EventStream<RequestShape>, publication: Publication): void;
  /**
   * Sends a line that says nothing where nothing else was sent for long, so that nobody on the way takes the stream for
   * dead.
   *
   * @param now in ms, of a clock that only goes on
   */
  beat(stream: EventStream<RequestShape>, now: number): void;
};

/** One open stream of server-sent events. */
export class EventStream<Shape extends RequestShape = AnyRequestShape> {
  /** The request that opened it. */
  readonly request: HttpRequest<Shape>;
  /** What the client got last, if it comes back: `Last-Event-ID`, or `lastEventId` in the query. */
  readonly lastEventId: string | undefined;
  /** Resolves when the stream is closed, by whichever side. */
  readonly closed: Promise<void>;
  #id: string | undefined;
  readonly #hub: Hub;
  readonly #subscriber: Subscriber = new StreamSubscriber(this);
  readonly #maxBytes: number;
  readonly #onClosed: () => void;
  /** What could not be done for the stream after the handler had returned. */
  readonly #onFailure: (error: unknown) => void;
  #settle: () => void = () => {};
  /** Spread over a second, so that a server that comes back is not asked by everybody at once. */
  #greeting: string | undefined = encodeEvent({
    retry: DEFAULTS.eventRetryMs + Math.floor(Math.random() * 1_000),
  });
  readonly #waiting: Backlog<string> = new Backlog((text) => Buffer.byteLength(text));
  #isOpen = true;
  #wake: (() => void) | undefined;
  #onTaken: (() => void)[] = [];
  /** What was joined in this turn by a client that comes back. */
  #resuming: { readonly topic: string; readonly options: JoinOptions }[] | undefined;
  #resumed: Promise<void> | undefined;
  /** Begun before the first bytes, which wait for them. */
  #joins: Promise<void>[] = [];
  #writtenAt = performance.now();

  constructor(
    request: HttpRequest<Shape>,
    hub: Hub,
    maxBytes: number,
    onClosed: () => void,
    onFailure: (error: unknown) => void,
  ) {
    this.#onFailure = onFailure;
    this.request = request;
    this.#hub = hub;
    this.#maxBytes = maxBytes;
    this.#onClosed = onClosed;
    this.lastEventId = readLastEventId(request);
    this.closed = new Promise((resolve) => (this.#settle = resolve));
  }

  /** Unique: a random UUID. */
  get id(): string {
    // Not before somebody asks: as it comes, it is some 700 bytes.
    return (this.#id ??= crypto.randomUUID());
  }

  /** Those of the request. */
  get params(): Shape['params'] {
    return this.request.params;
  }

  /** The topics it has joined. */
  get topics(): readonly string[] {
    return this.#hub.topicsOf(this.#subscriber);
  }

  /** What the client has not yet taken. */
  get bufferedBytes(): number {
    return this.#waiting.liveBytes;
  }

  /**
   * Sends an event. A client that does not take what waits for it is cut; it comes back, and resumes where topics have
   * a history.
   *
   * @returns `'sent'`, `'buffered'` behind others, or `'dropped'` where the stream is closed
   * @throws {ChannelError} on a line end or NUL in `event`, an `id` that could not come back, or a `retry` that is no
   *   whole number
   */
  send(event: ServerSentEvent): SendResult {
    return this.#push(encodeEvent(event));
  }

  /**
   * As a channel's. Without `since`, a client that comes back resumes where it was, if the topic has a history; the
   * topics that are joined without waiting in between are taken up in one order, that of their messages.
   */
  join(topic: string, options: JoinOptions = {}): Promise<void> | void {
    if (!this.#isOpen) return undefined;
    assertJoin(topic, options);
    if (this.lastEventId === undefined || options.since !== undefined || !this.#hub.keeps(topic))
      return this.#note(this.#hub.join(this.#subscriber, topic, options));
    this.#resuming ??= [];
    if (this.#resuming.push({ topic, options }) === 1) {
      this.#resumed = Promise.resolve().then(() => this.#resume());
      // Who does not wait for it must not be ended by it.
      this.#resumed.catch(this.#onFailure);
      return this.#note(this.#resumed);
    }
    return this.#resumed;
  }

  /** The first bytes say that the stream is open: what is published from then on comes by it. */
  #note(join: Promise<void> | void): Promise<void> | void {
    if (join instanceof Promise && this.#greeting !== undefined) this.#joins.push(join);
    return join;
  }

  leave(topic: string): Promise<void> | void {
    this.#resuming = this.#resuming?.filter((join) => join.topic !== topic);
    return this.#hub.leave(this.#subscriber, topic);
  }

  /** Ends the stream after what was sent before. The browser comes back by itself. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#wake?.();
    this.#hub.leaveAll(this.#subscriber);
    this.#onClosed();
    this.#settle();
    this.#taken();
  }

  /** Resolves when the client has taken what was sent, or the stream is closed. */
  async drained(): Promise<void> {
    if (this.#isOpen && this.#hasWaiting) await new Promise<void>((resolve) => this.#onTaken.push(resolve));
  }

  get #hasWaiting(): boolean {
    return this.#greeting !== undefined || !this.#waiting.isEmpty;
  }

  async #resume(): Promise<void> {
    const joins = this.#resuming ?? [];
    this.#resuming = undefined;
    if (!this.#isOpen || joins.length === 0) return;
    await this.#hub.joinAll(
      this.#subscriber,
      joins.map(({ topic, options }) => ({ ...options, topic })),
      { since: toPosition(this.lastEventId ?? '') },
    );
  }

  #taken(): void {
    const listeners = this.#onTaken;
    this.#onTaken = [];
    for (const listener of listeners) listener();
  }

  #push(text: string): SendResult {
    if (!this.#isOpen) return 'dropped';
    const hasWaiting = !this.#waiting.isEmpty;
    const { liveBytes } = this.#waiting;
    if (liveBytes > 0 && liveBytes + Buffer.byteLength(text) > this.#maxBytes) {
      // What was accepted still leaves: who comes back behind it gets further each time.
      this.close();
      return 'dropped';
    }
    this.#waiting.push(text);
    this.#wake?.();
    return hasWaiting ? 'buffered' : 'sent';
  }

  /** All that was sent in one tick leaves together. */
  async *#read(): AsyncGenerator<string> {
    try {
      if (this.#joins.length > 0) await Promise.race([Promise.allSettled(this.#joins), this.closed]);
      this.#joins = [];
      for (;;) {
        if (this.#hasWaiting) {
          this.#writtenAt = performance.now();
          yield this.#take();
          if (!this.#hasWaiting) this.#taken();
        } else if (this.#isOpen) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          this.#wake = undefined;
          await new Promise<void>((resolve) => process.nextTick(resolve));
        } else return;
      }
    } finally {
      this.close();
    }
  }

  /** What was sent, in one piece; of what the client has missed, some. */
  #take(): string {
    const texts: string[] = [this.#greeting ?? ''];
    this.#greeting = undefined;
    for (let length = 0; !this.#waiting.isEmpty && (length < DEFAULTS.replayBytes || !this.#waiting.hasLate);) {
      const text = this.#waiting.shift(toPublishedEvent) ?? '';
      texts.push(text);
      length += text.length;
    }
    return texts.join('');
  }

  static {
    streamControls = {
      body: (stream) => {
        const generator = stream.#read();
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => generator.next(),
            // A generator that waits cannot be returned from; it has to be woken first.
            return: () => {
              stream.#waiting.clear();
              stream.close();
              return generator.return(undefined);
            },
          }),
        };
      },
      isOpen: (stream) => stream.#isOpen,
      deliver(stream, publication) {
        // A stream of events is text; bytes are for WebSockets.
        if (publication.form !== 'bytes') stream.#push(publication.as(toPublishedEvent));
      },
      replay(stream, publication) {
        if (publication.form === 'bytes' || !stream.#isOpen) return;
        if (!stream.#waiting.pushLate(publication)) stream.close();
        stream.#wake?.();
      },
      beat(stream, now) {
        if (!stream.#hasWaiting && now - stream.#writtenAt >= DEFAULTS.eventHeartbeatMs) stream.#push(':\n\n');
      },
    };
  }
}

/** A stream as the hub sees it. */
class StreamSubscriber implements Subscriber {
  readonly #stream: EventStream<RequestShape>;

  constructor(stream: EventStream<RequestShape>) {
    this.#stream = stream;
  }

  get id(): string {
    return this.#stream.id;
  }

  deliver(publication: Publication): void {
    streamControls.deliver(this.#stream, publication);
  }

  replay(publication: Publication): void {
    streamControls.replay(this.#stream, publication);
  }

  /** Who comes back is told in band: a browser shows no headers of an event stream. */
  miss(gap: Publication): void {
    streamControls.deliver(this.#stream, gap);
  }
}

/** The words that an app may say for `since` are no positions; what is none is answered by a gap. */
function toPosition(id: string): string {
  return id === 'left' || id === 'earliest' ? `${id}?` : id;
}

/** JSON leaves as the text it came as. */
function toPublishedEvent({ payload, event, position }: Publication): string {
  return encodeEvent({ event, data: payload, id: position });
}

/** What is no plain text is not believed (WHATWG HTML §9.2.4). */
function readLastEventId(request: HttpRequest<RequestShape>): string | undefined {
  // A schema for the query may have left it out of its output.
  const id = request.header('last-event-id') ?? parseQuery(controls.target(request).search)['lastEventId'];
  return isEventId(id) && id !== '' ? id : undefined;
}
