import type { AsyncResource } from 'node:async_hooks';
import type { Seat } from '../backplane/admission.ts';
import { Channel, channelControls } from '../channels/channel.ts';
import type { OpenEnd } from '../channels/channel-registry.ts';
import { MessageQueue } from '../channels/message-queue.ts';
import type { MessageWire, WireListener } from '../channels/message-wire.ts';
import { Pulse } from '../channels/pulse.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import { MessageRate } from '../guards/message-rate.ts';
import { controls, type HttpRequest, type RequestShape } from '../request/http-request.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import type { Turn } from '../turns/turns.ts';
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
  readonly #queue: MessageQueue;
  readonly #rate: MessageRate;
  readonly #pulse: Pulse;
  #isBusy = false;
  /** How the connection ended. */
  #end: { readonly code: number; readonly reason: string } | undefined;
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
    this.#take(() => this.#handlers.open?.(this.#channel));
  }

  message(data: string | Buffer): void {
    if (channelControls.isEnded(this.#channel)) return;
    if (!this.#rate.take(performance.now())) {
      this.#note('A channel was closed: its client sends more messages in a second than it may.');
      this.#channel.close(1008, 'Too many messages.');
    } else if (this.#isBusy) {
      this.#queue.push(data);
      if (this.#queue.isFull) this.#hold(true);
    } else this.#take(() => this.#handle(data));
  }

  taken(): void {
    if (channelControls.taken(this.#channel) && this.#handlers.drain !== undefined)
      this.#tell(() => this.#handlers.drain?.(this.#channel));
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
    this.#services.registry.delete(this);
    channelControls.closed(this.#channel);
    this.#end = { code, reason };
    this.#tellEnd();
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

  /** Runs a handler; what comes meanwhile waits. */
  #take(run: () => unknown): void {
    const work = this.#start(run);
    if (work === undefined) return;
    this.#isBusy = true;
    void work.then(() => this.#next());
  }

  #next(): void {
    this.#isBusy = false;
    for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) {
      const message = data;
      this.#take(() => this.#handle(message));
      if (this.#isBusy) break;
    }
    if (!this.#queue.isFull) this.#hold(false);
    if (!this.#isBusy) this.#tellEnd();
  }

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
    if (this.#handlers.gap !== undefined) this.#tell(() => this.#handlers.gap?.(topic, this.#channel));
  }

  /** Calls a handler when it is its turn. @returns what there is to wait for, which never rejects */
  #start(run: () => unknown, fail: OnFailed = (thrown) => this.#fail(thrown)): Promise<unknown> | undefined {
    const turn = this.#services.turns.ofChannel();
    return turn === undefined ? this.#call(run, fail) : turn.then((own) => this.#callWithin(own, run, fail));
  }

  async #callWithin(turn: Turn, run: () => unknown, fail: OnFailed): Promise<void> {
    try {
      await this.#call(run, fail);
    } finally {
      turn.end();
    }
  }

  /** Calls a handler in its context. What goes wrong at once has failed when this returns. */
  #call(run: () => unknown, fail: OnFailed): Promise<unknown> | undefined {
    try {
      const result = this.#context.runInAsyncScope(run);
      return isPromiseLike(result) ? Promise.resolve(result).catch(fail) : undefined;
    } catch (thrown) {
      return fail(thrown) ?? undefined;
    }
  }

  /** Runs a handler that no message waits for. */
  #tell(run: () => unknown): void {
    void this.#start(run);
  }

  /** Last of all, and once: a wire may still bring what it held. */
  #tellEnd(): void {
    const end = this.#end;
    if (this.#isBusy || end === undefined) return;
    this.#end = undefined;
    // Nothing is left that the handler for errors could decide about.
    const report = (error: unknown): void => this.#giveUp(error);
    void this.#start(() => this.#handlers.close?.(this.#channel, end.code, end.reason), report);
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
    try {
      const result = this.#context.runInAsyncScope(() => this.#handlers.error?.(toError(thrown), this.#channel));
      return isPromiseLike(result)
        ? Promise.resolve(result).catch((failure: unknown) => this.#giveUp(failure))
        : undefined;
    } catch (failure) {
      this.#giveUp(failure);
      return undefined;
    }
  }

  #giveUp(error: unknown): void {
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
