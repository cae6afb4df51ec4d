import { ChannelError } from '../errors/channel-error.ts';
import type { Hub, JoinOptions } from '../hub/hub.ts';
import type { PublishOptions } from '../server-view.ts';
import type { Publication } from '../hub/publication.ts';
import type { Subscriber } from '../hub/subscriber.ts';
import type { AnyRequestShape, HttpRequest, RequestShape } from '../request/http-request.ts';
import { encodeJson } from '../response/encode-body.ts';
import type { ChannelLimits } from './channel-limits.ts';
import { type OutgoingMessage, toMessage } from './frame.ts';
import type { MessageWire } from './message-wire.ts';
import { Outbox, type SendResult } from './outbox.ts';

/** As those of the browser's WebSocket. */
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** What the server does to a channel, and an app cannot. Set by the class below. */
export let channelControls: {
  /** Queues what was published to one of its topics. */
  deliver(channel: Channel<RequestShape>, publication: Publication): void;
  /** Queues what it has missed. */
  replay(channel: Channel<RequestShape>, publication: Publication): void;
  /** Looks after it now and then. @param now in ms, of a clock that only goes on */
  beat(channel: Channel<RequestShape>, now: number): void;
  /** Something of a topic may be missing in what follows. */
  miss(channel: Channel<RequestShape>, topic: string): void;
  /** The wire is empty. @returns whether something had to wait for that */
  taken(channel: Channel<RequestShape>): boolean;
  /** Whether the app has closed it. */
  isEnded(channel: Channel<RequestShape>): boolean;
  closed(channel: Channel<RequestShape>): void;
};

/** What a channel tells whoever opened it. */
export interface ChannelEvents {
  /** Something of a topic may be missing in what follows. */
  missed(topic: string): void;
  /** The client takes too slowly what is sent, and is closed for that. */
  overflowed(): void;
}

/** One open WebSocket. */
export class Channel<Shape extends RequestShape = AnyRequestShape> {
  /** The request that opened it. */
  readonly request: HttpRequest<Shape>;
  /** A place for what the app wants to keep for the channel. No prototype. */
  readonly data: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  #id: string | undefined;
  readonly #wire: MessageWire;
  readonly #hub: Hub;
  readonly #subscriber: Subscriber = new ChannelSubscriber(this);
  readonly #outbox: Outbox;
  readonly #events: ChannelEvents;
  #readyState = OPEN;

  constructor(request: HttpRequest<Shape>, wire: MessageWire, hub: Hub, limits: ChannelLimits, events: ChannelEvents) {
    this.request = request;
    this.#wire = wire;
    this.#hub = hub;
    this.#events = events;
    this.#outbox = new Outbox(wire, limits, () => this.#overflow());
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

  /** The address of the client. */
  get ip(): string {
    return this.request.ip;
  }

  /** The topics it has joined. */
  get topics(): readonly string[] {
    return this.#hub.topicsOf(this.#subscriber);
  }

  /** What the client has not yet taken. */
  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes;
  }

  /** 1 open, 2 closing, 3 closed. */
  get readyState(): number {
    return this.#readyState === OPEN && !this.#wire.isOpen ? CLOSING : this.#readyState;
  }

  /**
   * Sends a string as text, bytes as binary data.
   *
   * @returns `'sent'`: accepted, and nothing waits before it; `'buffered'`: behind others; `'dropped'`: the client lags
   *   too far behind, or the channel is not open
   * @throws {ChannelError} on anything else
   */
  send(data: string | Uint8Array): SendResult {
    if (typeof data !== 'string' && !(data instanceof Uint8Array))
      throw new ChannelError(
        `A channel sends strings and bytes, not ${data === null ? 'null' : typeof data}; json() sends the rest.`,
      );
    return this.readyState === OPEN ? this.#outbox.push(toMessage(data)) : 'dropped';
  }

  /** Sends a value as JSON text. @throws {ReplyError} when it has no JSON form */
  json(value: unknown): SendResult {
    return this.send(encodeJson(value));
  }

  /**
   * Gets what is published to a topic from now on, or from `since`.
   *
   * @param options `member` says who this is, for presence; `info` is shown there; `since` asks for history first
   */
  join(topic: string, options: JoinOptions = {}): Promise<void> | void {
    if (this.#readyState === OPEN) return this.#hub.join(this.#subscriber, topic, options);
  }

  leave(topic: string): Promise<void> | void {
    return this.#hub.leave(this.#subscriber, topic);
  }

  /** Publishes to everyone in the topic but itself. */
  publish(
    topic: string,
    data: unknown,
    options: Omit<PublishOptions, 'except'> = {},
  ): Promise<{ readonly id: string | undefined; readonly subscribers: number }> {
    return this.#hub.publish(topic, data, { ...options, except: this.id });
  }

  /**
   * Closes it, after what was sent before.
   *
   * @param code 1000, 1001, 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 §7.4)
   * @param reason at most 123 bytes of UTF-8
   * @throws {ChannelError} on another code, or a longer reason
   */
  close(code = 1000, reason = ''): void {
    assertClose(code, reason);
    this.#end(code, reason);
  }

  #overflow(): void {
    if (this.#readyState !== OPEN) return;
    this.#events.overflowed();
    // What it was already to get is too much as well.
    this.#outbox.giveUp();
    this.#end(1013, 'Too much is waiting for this client.');
  }

  #end(code: number, reason: string): void {
    if (this.#readyState !== OPEN) return;
    this.#readyState = CLOSING;
    // It gets nothing more, so nobody shall count it.
    this.#hub.leaveAll(this.#subscriber);
    this.#outbox.finish();
    this.#wire.close(code, reason);
  }

  static {
    channelControls = {
      deliver(channel, publication) {
        if (channel.#readyState === OPEN) channel.#outbox.push(publication.as(toPublishedMessage), publication.topic);
      },
      replay(channel, publication) {
        if (channel.#readyState === OPEN) channel.#outbox.replay(publication);
      },
      beat: (channel, now) => channel.#outbox.beat(now),
      miss(channel, topic) {
        if (channel.#readyState === OPEN) channel.#events.missed(topic);
      },
      taken: (channel) => channel.#outbox.taken(),
      isEnded: (channel) => channel.#readyState === CLOSING,
      closed(channel) {
        channel.#readyState = CLOSED;
        channel.#outbox.clear();
        channel.#hub.leaveAll(channel.#subscriber);
      },
    };
  }
}

/** A channel as the hub sees it. */
class ChannelSubscriber implements Subscriber {
  readonly #channel: Channel<RequestShape>;

  constructor(channel: Channel<RequestShape>) {
    this.#channel = channel;
  }

  get id(): string {
    return this.#channel.id;
  }

  deliver(publication: Publication): void {
    channelControls.deliver(this.#channel, publication);
  }

  replay(publication: Publication): void {
    channelControls.replay(this.#channel, publication);
  }

  miss({ topic }: Publication): void {
    channelControls.miss(this.#channel, topic);
  }
}

/** JSON leaves as the text it came as. */
function toPublishedMessage({ payload }: Publication): OutgoingMessage {
  return toMessage(payload);
}

/** @throws {ChannelError} */
function assertClose(code: unknown, reason: unknown): void {
  const isAllowed =
    code === 1000 ||
    code === 1001 ||
    code === 1003 ||
    (typeof code === 'number' &&
      Number.isInteger(code) &&
      ((code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)));
  if (!isAllowed) throw new ChannelError(`${String(code)} is no code that a channel may be closed with.`);
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > 123)
    throw new ChannelError('The reason of a close is a string of at most 123 bytes.');
}
