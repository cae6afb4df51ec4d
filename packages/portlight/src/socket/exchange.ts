import type { ServerConfig } from '../config/server-options.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import type { HttpError } from '../errors/http-error.ts';
import { asError } from '../errors/thrown-value.ts';
import type { LogHolder } from '../log.ts';
import type { Pipeline } from '../pipeline.ts';
import type { BodySource } from '../request/body-source.ts';
import { takesTrailers } from '../fields/takes-trailers.ts';
import { controls, HttpRequest } from '../request/http-request.ts';
import type { RequestRules, RequestSource } from '../request/request-source.ts';
import type { ServerView } from '../server-view.ts';
import { isEventStream } from '../handlers/open-events.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { discardBody } from '../response/replace-body.ts';
import type { CarriedExchange, Connection } from './connection.ts';
import type { ResponseHead } from '../response/response-head.ts';
import { Observation, type Observed } from './observation.ts';

/** What every exchange of a server works with. */
export interface Services {
  readonly pipeline: Pipeline;
  readonly config: ServerConfig;
  readonly view: ServerView;
  readonly rules: RequestRules;
  readonly log: LogHolder;
}

/** Methods that change nothing, so that several may run at once (RFC 9110 §9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'PROPFIND',
  'REPORT',
  'SEARCH',
]);

export function isSafeMethod(method: string): boolean {
  return SAFE_METHODS.has(method);
}

const NO_FIELDS: readonly string[] = [];

/**
 * One request and its response on a connection. What is the same on both lanes; how bytes come and go, each lane knows.
 */
export abstract class Exchange implements RequestSource, CarriedExchange, Observed {
  readonly method: string;
  readonly target: string;
  protected readonly connection: Connection;
  protected readonly services: Services;
  /** Where somebody wants to hear of its end. */
  protected readonly observation: Observation | undefined = undefined;
  #request: HttpRequest | undefined;
  /** A response that is ready before those to earlier requests. */
  #early: HttpResponse | undefined;
  #isRecovered = false;
  #isFinished = false;

  constructor(method: string, target: string, connection: Connection, services: Services) {
    this.method = method;
    this.target = target;
    this.connection = connection;
    this.services = services;
    if (services.pipeline.isObserved) connection.whenCut((this.observation = new Observation(this, services.pipeline)));
  }

  abstract readonly rawHeaders: readonly string[];
  abstract readonly body: BodySource | undefined;
  /** Whether the request is HTTP/1.0, which knows no chunks. */
  abstract readonly isOld: boolean;
  /** Whether it is the client's turn: somebody reads the body, and the rest of it has not come. */
  abstract readonly awaitsClient: boolean;

  get raw(): unknown {
    return undefined;
  }

  get refusal(): HttpError | undefined {
    return undefined;
  }

  get isUpgrade(): boolean {
    return false;
  }

  get rawTrailers(): readonly string[] {
    return NO_FIELDS;
  }

  get address(): string {
    return this.connection.address;
  }

  get port(): number {
    return this.connection.port;
  }

  get secure(): boolean {
    return this.connection.isSecure;
  }

  /**
   * Whether others may run beside it. A response to HTTP/1.0 may end with the connection, so nothing begins behind one.
   */
  get isSafe(): boolean {
    return !this.isOld && isSafeMethod(this.method);
  }

  /** Whether the client does something with fields behind the body. */
  get takesTrailers(): boolean {
    return !this.isOld && takesTrailers(this.#request?.header('te'));
  }

  /** Begins to handle it. The connection calls this once, when the requests before it allow. */
  start(): void {
    const request = new HttpRequest(this, this.services.view, this.services.rules);
    this.#request = request;
    const reply = this.services.pipeline.respond(request);
    if (reply instanceof Promise) void reply.then((response) => this.#reply(response));
    else this.#reply(reply);
  }

  protected get request(): HttpRequest {
    return this.#request as HttpRequest;
  }

  /** The responses to all earlier requests are out. */
  takeTurn(): void {
    const response = this.#early;
    this.#early = undefined;
    if (response !== undefined) this.#send(response);
  }

  get observedRequest(): HttpRequest | undefined {
    return this.#request;
  }

  get path(): string {
    return this.#request?.path ?? (this.target.split('?', 1)[0] as string);
  }

  get answeredError(): Error | undefined {
    return this.#request && controls.errorOf(this.#request);
  }

  get abortReason(): Error | undefined {
    const { cutReason } = this.connection;
    if (this.#request === undefined) return cutReason;
    return controls.abortReason(this.#request) ?? cutReason;
  }

  /** How many bytes the socket was given by now. */
  protected get position(): number {
    return this.connection.socket.bytesWritten;
  }

  /** Called when Node says that so many bytes of the connection, the last of the answer among them, are handed over. */
  protected observeEnd(to: number): void {
    if (this.connection.hasTaken(to)) this.observation?.end(to);
  }

  /**
   * Tells the handler that nobody waits any more. What it has begun to send may go on, to a client that only closed its
   * side.
   */
  abort(reason: AbortedError): void {
    if (this.#request !== undefined) controls.abort(this.#request, reason);
  }

  /** Tells what gives the body of the response that nobody can take it any more. */
  cancelReply(reason: AbortedError): void {
    if (this.#request !== undefined) controls.cancelReply(this.#request, reason);
  }

  /** How many chunks the sources of the response gave; `undefined` where none is open. */
  get chunks(): number | undefined {
    return this.#request === undefined ? undefined : controls.countChunks(this.#request);
  }

  /** Whether the rest of the request's body is still to come. */
  get isReceiving(): boolean {
    return false;
  }

  /** How long the whole request may take to come, in ms, where its route says so. */
  get requestTimeoutMs(): number | undefined {
    return this.#request && controls.planOf(this.#request)?.requestTimeoutMs;
  }

  /** Ends the body of the request with an error, which goes to who reads it. Nothing where all of it has come. */
  failBody(_error: Error): void {}

  /** Whether a byte of the response has left, so that no other one can take its place. */
  abstract readonly hasBegun: boolean;

  /**
   * Writes a whole response and sees to it that `finish` is called when it is out.
   *
   * @returns nothing, or a promise where the body is streamed
   * @throws what stands in the way; nothing is finished then
   */
  protected abstract write(response: HttpResponse): Promise<void> | undefined;

  /** After the head there is no second one: the connection is cut, so that nobody takes what came for the whole. */
  protected abstract cut(): void;

  /** An answer that cannot fail, in place of one that did twice. */
  protected abstract writeLastResort(): void;

  /** The response is out, or will never be. */
  protected finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    if (this.#request !== undefined) controls.release(this.#request);
    this.connection.finish(this);
  }

  /** Whether the connection ends with this response, and is told so. */
  protected isLast(head: ResponseHead): boolean {
    const { connection } = this;
    if (head.asksToClose) connection.closeAfterNext();
    if (this.isOld && head.bodyBytes === undefined) connection.closeAfter(this);
    return connection.endsWith(this);
  }

  #reply(response: HttpResponse): void {
    if (this.connection.mustWait(this)) this.#early = response;
    else this.#send(response);
  }

  #send(response: HttpResponse): void {
    if (this.connection.socket.destroyed) {
      discardBody(
        response,
        new AbortedError('The client went away before the response began.', 'ERR_PORTLIGHT_CLIENT_GONE'),
      );
      this.finish();
      return;
    }
    this.observation?.begin(this.#kindOf(response), response.status, this.position);
    try {
      const streaming = this.write(response);
      if (streaming !== undefined) streaming.catch((error: unknown) => this.#recover(error));
    } catch (error) {
      void this.#recover(error);
    }
  }

  /** While nothing of a response has left, what the error handlers make of its failure is sent in its place. */
  async #recover(error: unknown): Promise<void> {
    const own = AbortedError.isAlike(error) ? (this.abortReason ?? error) : error;
    if (this.#isRecovered || this.hasBegun || AbortedError.is(own)) {
      this.#fail(own);
      return;
    }
    this.#isRecovered = true;
    this.#send(await this.services.pipeline.recover(error, this.#request as HttpRequest));
  }

  #kindOf(response: HttpResponse): 'http' | 'websocket' | 'events' {
    if (response.status === 101) return 'websocket';
    return this.method !== 'HEAD' && isEventStream(response) ? 'events' : 'http';
  }

  #fail(error: unknown): void {
    if (this.observation !== undefined) this.observation.failure = asError(error);
    const fields = { err: error, method: this.method, path: this.#request?.path };
    const { logger } = this.services.log;
    if (AbortedError.is(error)) logger.debug(fields, 'A response was not sent to its end.');
    else logger.error(fields, 'A response could not be sent.');
    if (this.hasBegun) {
      this.cut();
      return;
    }
    this.connection.closeAfterNewest();
    this.observation?.begin('http', 500, this.position);
    this.writeLastResort();
  }
}
