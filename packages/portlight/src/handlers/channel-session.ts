import type { AsyncResource } from 'node:async_hooks';
import type { Seat } from '../backplane/admission.ts';
import { Channel, channelControls } from '../channels/channel.ts';
import type { OpenEnd } from '../channels/channel-registry.ts';
import { MessageQueue } from '../channels/message-queue.ts';
import type { MessageWire, WireListener } from '../channels/message-wire.ts';
import { Pulse } from '../channels/pulse.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import { MessageRate } from '../guards/message-rate.ts';
import { isStillWanted } from '../hub/still-wanted.ts';
import { controls, type HttpRequest, type RequestShape } from '../request/http-request.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import { CallLine, type ChannelMoment } from './call-line.ts';
import type { ChannelHandlers, ChannelRoute } from './channel-route.ts';
import type { ChannelServices } from './channel-services.ts';
import { isRefusal, readMessage } from './read-message.ts';

/** What becomes of what a handler has thrown. */
type OnFailed = (thrown: unknown) => Promise<unknown> | undefined | void;

/** One channel at work: from its wire to the handlers of its route, and back. */
export class ChannelSession implements WireListener, OpenEnd {
  readonly #channel: Channel<RequestShape>;
  readonly #handlers: ChannelHandlers<RequestShape, unknown>;
  readonly #schema: ChannelRoute['options']['message'];
  readonly #wire: MessageWire;
  readonly #services: ChannelServices;
  /** The async context in which the handlers run. */
  readonly #context: AsyncResource;
  readonly #line: CallLine;
  readonly #queue: MessageQueue;
  readonly #rate: MessageRate;
  readonly #pulse: Pulse;
  /** Nothing more is read from the client. */
  #isHeld = false;

  constructor(
    route: ChannelRoute,
    request: HttpRequest,
    wire: MessageWire,
    services: ChannelServices,
    context: AsyncResource,
  ) {
    const { config, hub } = services;
    this.#handlers = route.handlers as ChannelHandlers<RequestShape, unknown>;
    this.#schema = route.options.message;
    this.#wire = wire;
    this.#services = services;
    this.#context = context;
    this.#line = new CallLine(services.turns, this.#tellOverdue);
    this.#queue = new MessageQueue(config.maxPayloadBytes);
    this.#rate = new MessageRate(config.messagesPerSecond);
    this.#pulse = new Pulse(config.heartbeatMs, { ping: () => wire.ping(), cut: () => this.#cut() });
    this.#channel = new Channel<RequestShape>(request, wire, hub, config, {
      missed: (topic) => this.#missed(topic),
      overflowed: () => this.#note('A channel was closed: its client takes too slowly what is sent.'),
    });
  }

  /** Begins to serve it. @param seat given back when it is closed */
  open(seat: Seat): void {
    this.#services.registry.add(this, seat);
    this.#wire.listen(this);
    this.#line.add('open', () => this.#call(() => this.#handlers.open?.(this.#channel)));
  }

  message(data: string | Buffer): void {
    if (channelControls.isEnded(this.#channel)) return;
    if (!this.#rate.take(performance.now())) {
      this.#note('A channel was closed: its client sends more messages in a second than it may.');
      this.#channel.close(1008, 'Too many messages.');
    } else {
      this.#queue.push(data);
      this.#line.add('message', this.#takeNext);
      if (this.#queue.isFull) this.#hold(true);
    }
  }

  taken(): void {
    if (channelControls.taken(this.#channel) && this.#handlers.drain !== undefined)
      this.#tell('drain', () => this.#handlers.drain?.(this.#channel));
  }

  alive(): void {
    this.#pulse.note();
  }

  closing(isClean: boolean): void {
    if (!isClean) this.#queue.clear();
    controls.abort(
      this.#channel.request,
      new AbortedError('The client closed the channel.', 'ERR_PORTLIGHT_CLIENT_GONE'),
    );
  }

  closed(code: number, reason: string): void {
    // What came whole before the client closed is still handled; nothing is after we did, or where it went without a
    // word.
    if (channelControls.isEnded(this.#channel) || code === NO_CLOSE_FRAME) this.#queue.clear();
    this.#services.registry.close(this);
    channelControls.closed(this.#channel);
    this.#addEnd(code, reason);
  }

  beat(now: number): void {
    // A client that is not read from is not dead for that.
    if (this.#isHeld) this.#pulse.note();
    this.#pulse.beat(now);
    channelControls.beat(this.#channel, now);
  }

  endForStop(): void {
    this.#channel.close(1001, 'The server stops.');
  }

  /** Calls the handler for the first message that waits; it may be gone since its call was due. */
  readonly #takeNext = (): Promise<unknown> | undefined => {
    const data = this.#queue.shift();
    if (!this.#queue.isFull) this.#hold(false);
    return data === undefined ? undefined : this.#call(() => this.#handle(data));
  };

  #hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.#wire.pause();
    else this.#wire.resume();
  }

  #handle(data: string | Buffer): unknown {
    if (this.#handlers.message === undefined || channelControls.isEnded(this.#channel)) return undefined;
    if (this.#schema === undefined) return this.#deliver(data);
    const message = readMessage(this.#schema, data);
    return message instanceof Promise ? message.then((value) => this.#deliver(value)) : this.#deliver(message);
  }

  #deliver(message: unknown): unknown {
    return this.#reply(this.#handlers.message?.(message, this.#channel));
  }

  #reply(reply: unknown): unknown {
    if (isPromiseLike(reply)) return reply.then((value) => this.#reply(value));
    if (typeof reply === 'string' || reply instanceof Uint8Array) this.#channel.send(reply);
    else if (reply !== undefined) this.#channel.json(reply);
    return undefined;
  }

  #missed(topic: string): void {
    if (this.#handlers.gap !== undefined) this.#tell('gap', () => this.#handlers.gap?.(topic, this.#channel));
  }

  /** Calls a handler in its context. What goes wrong at once has failed when this returns. */
  #call(run: () => unknown, fail: OnFailed = (thrown) => this.#fail(thrown)): Promise<unknown> | undefined {
    try {
      const result = this.#context.runInAsyncScope(run);
      return isPromiseLike(result) ? Promise.resolve(result).catch(fail) : undefined;
    } catch (thrown) {
      return fail(thrown) ?? undefined;
    }
  }

  /** Runs a handler that no message waits for. */
  #tell(moment: ChannelMoment, run: () => unknown): void {
    new CallLine(this.#services.turns, this.#tellOverdue).add(moment, () => this.#call(run));
  }

  #addEnd(code: number, reason: string): void {
    this.#line.add('close', () => {
      if (this.#queue.isEmpty) return this.#tellEnd(code, reason);
      // Last of all: the wire has brought what it held.
      this.#addEnd(code, reason);
      return undefined;
    });
  }

  #tellEnd(code: number, reason: string): Promise<unknown> | undefined {
    const done = (): void => this.#services.registry.delete(this);
    // Nothing is left that the handler for errors could decide about.
    const report = (error: unknown): void => this.#giveUp(error);
    const work = this.#call(() => this.#handlers.close?.(this.#channel, code, reason), report);
    if (work === undefined) done();
    return work?.then(done);
  }

  /**
   * What a handler threw, or why a message was refused: the handler for errors may know better than to close. Never
   * rejects.
   */
  #fail(thrown: unknown): Promise<unknown> | undefined {
    if (this.#handlers.error === undefined) {
      this.#giveUp(thrown);
      return undefined;
    }
    return this.#call(
      () => this.#handlers.error?.(toError(thrown), this.#channel),
      (failure) => this.#giveUp(failure),
    );
  }

  #giveUp(error: unknown): void {
    if (isStillWanted(error)) return;
    if (isRefusal(error)) {
      this.#channel.close(1007, 'The message is not valid.');
      return;
    }
    this.#services.log.logger.error(
      { err: toError(error), path: this.#channel.request.path },
      'A channel handler failed.',
    );
    this.#channel.close(1011, 'Internal error.');
  }

  readonly #tellOverdue = (handler: ChannelMoment, limitMs: number): void => {
    this.#services.log.logger.error(
      { path: this.#channel.request.path, handler, limitMs },
      'A channel handler took too long; others have their turn while it goes on.',
    );
  };

  #cut(): void {
    this.#note('A channel was cut: nothing came from its client, not even the answer to a ping.');
    this.#wire.terminate();
  }

  #note(message: string): void {
    const { log } = this.#services;
    if (log.verbose) log.logger.debug({ address: this.#channel.ip, path: this.#channel.request.path }, message);
  }
}

/** What a wire says of an end for which no close frame came (RFC 6455 §7.1.5). */
const NO_CLOSE_FRAME = 1006;

/** Some values throw when they are only looked at. */
function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    return new Error('A channel handler threw something that cannot be looked at.');
  }
  return new Error('A channel handler threw something that is no error.', { cause: thrown });
}
