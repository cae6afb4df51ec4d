import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Channel } from '../channels/channel.ts';
import type { EventStream } from '../channels/event-stream.ts';
import type { RouteOptions } from '../config/route-options.ts';
import type { HttpRequest, RequestShape } from '../request/http-request.ts';
import type { RoutePattern } from '../routing/pattern.ts';
import type { RouteShape } from './route-handler.ts';
import type { Scope } from './scope.ts';
import type { Taker } from './taker.ts';

/** What a message is where a route has no schema for it: text, or bytes. */
export type Message<Options extends RouteOptions> = Options['message'] extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Options['message']>
  : string | Buffer;

/**
 * Handles a message. What it returns, or resolves to, is sent back: strings and bytes as they are, `undefined` not at
 * all, anything else as JSON.
 */
export type MessageHandler<Shape extends RequestShape, Message> = (
  message: Message,
  channel: Channel<Shape>,
) => unknown;

/**
 * What an app does with the channels of a route. A handler that fails closes its channel with 1011, or goes to `error`.
 */
export interface ChannelHandlers<Shape extends RequestShape, Message> {
  /** Before the channel is open: a response that it returns is sent instead (401, 403). */
  upgrade?(request: HttpRequest<Shape>): unknown;
  /** Messages wait until it is done. */
  open?(channel: Channel<Shape>): unknown;
  /**
   * One at a time, in their order: 64 messages, or `maxPayloadBytes`, wait meanwhile; then nothing more is read from
   * the client.
   */
  message?: MessageHandler<Shape, Message>;
  /** The client has taken all that was sent. */
  drain?(channel: Channel<Shape>): unknown;
  /**
   * Something of a topic may be missing in what it gets from here on: it joined with `since`, and the history does not
   * reach back, or the processes that share topics were cut off from each other.
   */
  gap?(topic: string, channel: Channel<Shape>): unknown;
  /** Once, last of all. @param code what the client closed with; 1006 when it went without a word (RFC 6455 §7.1.5) */
  close?(channel: Channel<Shape>, code: number, reason: string): unknown;
  /** What a handler threw, or why a message was refused. Decides what becomes of the channel. */
  error?(error: Error, channel: Channel<Shape>): unknown;
}

/** Fills an event stream, or returns what does: an async iterable of events. The stream stays open when it returns. */
export type EventsHandler<
  Pattern extends RoutePattern = RoutePattern,
  Options extends RouteOptions = Record<never, never>,
> = (stream: EventStream<RouteShape<Pattern, Options>>, request: HttpRequest<RouteShape<Pattern, Options>>) => unknown;

/** A registered WebSocket route. */
export interface ChannelRoute {
  readonly pattern: RoutePattern;
  /** Of its registration, where that is for more than upgrades. */
  readonly verbs?: string;
  readonly options: RouteOptions;
  readonly handlers: ChannelHandlers<RequestShape, never>;
  readonly scope: Scope;
  /** Who answers in place of the handlers. */
  readonly taker?: Taker | undefined;
}

/** A registered route of server-sent events. */
export interface EventsRoute {
  readonly pattern: RoutePattern;
  readonly options: RouteOptions;
  readonly handler: (stream: EventStream<RequestShape>, request: HttpRequest) => unknown;
  readonly scope: Scope;
}
