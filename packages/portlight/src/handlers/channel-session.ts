import { Channel, channelControls } from '../channels/channel.ts';
import type { OpenEnd } from '../channels/channel-registry.ts';
import type { MessageWire, WireListener } from '../channels/message-wire.ts';
import { DEFAULTS } from '../defaults.ts';
import { ValidationError } from '../errors/validation-error.ts';
import { parseJsonText } from '../request/json.ts';
import type { HttpRequest, RequestShape } from '../request/http-request.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';
import type { ChannelHandlers, ChannelRoute } from './channel-route.ts';
import type { ChannelServices } from './channel-services.ts';
import { toIssue } from './validate.ts';

/** Why messages were refused: what a handler throws itself is none of them, whatever its class. */
const refusals: WeakSet<object> = new WeakSet();

/** One channel at work: from its wire to the handlers of its route, and back. */
export class ChannelSession implements WireListener, OpenEnd {
  readonly #channel: Channel<RequestShape>;
  readonly #handlers: ChannelHandlers<RequestShape, unknown>;
  readonly #schema: ChannelRoute['options']['message'];
  readonly #wire: MessageWire;
  readonly #services: ChannelServices;
  /** Messages that came while one was handled. */
  readonly #inbox: (string | Buffer)[] = [];
  #isBusy = false;
  /** How the connection ended. */
  #end: { readonly code: number; readonly reason: string } | undefined;
  /** Nothing more is read from the client. */
  #isHeld = false;
  /** A frame came since it was last looked at. */
  #isAlive = true;
  #aliveAt = 0;
  #pingedAt: number | undefined;
  #second = 0;
  #messagesOfSecond = 0;

  constructor(route: ChannelRoute, request: HttpRequest, wire: MessageWire, services: ChannelServices) {
    this.#handlers = route.handlers as ChannelHandlers<RequestShape, unknown>;
    this.#schema = route.options.message;
    this.#wire = wire;
    this.#services = services;
    this.#channel = new Channel<RequestShape>(request, wire, services.hub, services.config);
  }

  get ip(): string {
    return this.#channel.ip;
  }

  /** Begins to serve it. */
  open(): void {
    this.#services.registry.add(this);
    this.#wire.listen(this);
    this.#take(() => this.#handlers.open?.(this.#channel));
  }

  message(data: string | Buffer): void {
    this.#isAlive = true;
    if (channelControls.isEnded(this.#channel)) return;
    if (this.#isTooFast()) {
      this.#channel.close(1008, 'Too many messages.');
      return;
    }
    if (this.#isBusy) {
      this.#inbox.push(data);
      this.#hold(true);
    } else this.#take(() => this.#handle(data));
  }

  taken(): void {
    if (channelControls.taken(this.#channel) && this.#handlers.drain !== undefined) this.#tell(() => this.#handlers.drain?.(this.#channel));
  }

  alive(): void {
    this.#isAlive = true;
  }

  closed(code: number, reason: string): void {
    // What came whole before the client closed is still handled; nothing is after we did.
    if (channelControls.isEnded(this.#channel)) this.#inbox.length = 0;
    this.#services.registry.delete(this);
    channelControls.closed(this.#channel);
    this.#end = { code, reason };
    this.#tellEnd();
  }

  beat(now: number): void {
    // What came is not read while a handler works: a client is not dead for that.
    if (this.#isAlive || this.#isHeld) {
      this.#isAlive = false;
      this.#aliveAt = now;
      this.#pingedAt = undefined;
    } else if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt >= DEFAULTS.pongTimeoutMs) this.#wire.terminate();
    } else if (now - this.#aliveAt >= this.#services.config.heartbeatMs) {
      this.#pingedAt = now;
      this.#wire.ping();
    }
  }

  endForStop(): void {
    this.#channel.close(1001, 'The server stops.');
  }

  /** Runs a handler; what comes meanwhile waits. */
  #take(run: () => unknown): void {
    const work = startWork(run, (error) => this.#fail(error));
    if (work === undefined) return;
    this.#isBusy = true;
    void work.catch((error: unknown) => this.#fail(error)).then(() => this.#next());
  }

  #next(): void {
    this.#isBusy = false;
    for (let data = this.#inbox.shift(); data !== undefined; data = this.#inbox.shift()) {
      const message = data;
      this.#take(() => this.#handle(message));
      if (this.#isBusy) return;
    }
    this.#hold(false);
    this.#tellEnd();
  }

  #hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    if (isHeld) this.#wire.pause();
    else this.#wire.resume();
  }

  #handle(data: string | Buffer): unknown {
    const { message } = this.#handlers;
    if (message === undefined || channelControls.isEnded(this.#channel)) return undefined;
    if (this.#schema === undefined) return this.#reply(message(data, this.#channel));
    const result = this.#schema['~standard'].validate(readJson(data));
    const deliver = ({ issues, ...rest }: Awaited<typeof result>): unknown => {
      if (issues !== undefined) throw refusalOf(new ValidationError(issues.map((issue) => toIssue(issue, 'message'))));
      return this.#reply(message('value' in rest ? rest.value : undefined, this.#channel));
    };
    return result instanceof Promise ? result.then(deliver) : deliver(result);
  }

  #reply(reply: unknown): unknown {
    if (isPromiseLike(reply)) return reply.then((value) => this.#reply(value));
    if (typeof reply === 'string' || reply instanceof Uint8Array) this.#channel.send(reply);
    else if (reply !== undefined) this.#channel.json(reply);
    return undefined;
  }

  /** What a handler threw, or why a message was refused. */
  #fail(thrown: unknown): unknown {
    const error = toError(thrown);
    if (this.#handlers.error !== undefined) return this.#decide(error);
    this.#giveUp(error);
    return undefined;
  }

  /** The handler for errors may know better than to close. */
  #decide(error: Error): unknown {
    try {
      const result = this.#handlers.error?.(error, this.#channel);
      return isPromiseLike(result) ? result.then(undefined, (failure: unknown) => this.#giveUp(failure)) : undefined;
    } catch (failure) {
      this.#giveUp(failure);
      return undefined;
    }
  }

  #giveUp(error: unknown): void {
    if (typeof error === 'object' && error !== null && refusals.has(error)) {
      this.#channel.close(1007, 'The message is not valid.');
      return;
    }
    this.#services.log.logger.error({ err: error, path: this.#channel.request.path }, 'A channel handler failed.');
    this.#channel.close(1011, 'Internal error.');
  }

  /** Last of all, and once: a wire may still bring what it held. */
  #tellEnd(): void {
    const end = this.#end;
    if (this.#isBusy || end === undefined) return;
    this.#end = undefined;
    if (this.#handlers.close !== undefined) this.#tell(() => this.#handlers.close?.(this.#channel, end.code, end.reason));
  }

  /** Runs a handler that nothing waits for. */
  #tell(run: () => unknown): void {
    const report = (error: unknown): void => this.#services.log.logger.error({ err: error, path: this.#channel.request.path }, 'A channel handler failed.');
    try {
      const result = run();
      if (isPromiseLike(result)) void Promise.resolve(result).catch(report);
    } catch (error) {
      report(error);
    }
  }

  #isTooFast(): boolean {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#messagesOfSecond = 0;
    }
    return ++this.#messagesOfSecond > this.#services.config.messagesPerSecond;
  }
}

/** Runs a handler. @returns what there is to wait for; what goes wrong at once is told to `fail` */
function startWork(run: () => unknown, fail: (thrown: unknown) => unknown): Promise<unknown> | undefined {
  try {
    const result = run();
    return isPromiseLike(result) ? Promise.resolve(result) : undefined;
  } catch (thrown) {
    const result = fail(thrown);
    return isPromiseLike(result) ? Promise.resolve(result) : undefined;
  }
}

function readJson(data: string | Buffer): unknown {
  try {
    return parseJsonText(data.toString());
  } catch (error) {
    throw refusalOf(error as Error);
  }
}

function refusalOf(error: Error): Error {
  refusals.add(error);
  return error;
}

/** Some values throw when they are only looked at. */
function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown;
  } catch {
    return new Error('A channel handler threw something that cannot be looked at.');
  }
  return new Error('A channel handler threw something that is no error.', { cause: thrown });
}
