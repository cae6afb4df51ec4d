import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { ServerConfig } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { AbortedError } from '../errors/aborted-error.ts';
import type { HttpError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import type { RequestSource } from '../request/request-source.ts';
import { type BodyStream, isStream } from '../response/body-stream.ts';
import type { HttpResponse } from '../response/http-response.ts';
import { discardBody } from '../response/replace-body.ts';
import type { Connection, Exchange } from './connection.ts';
import { inspectHead } from './inspect-head.ts';
import { MessageBody } from './message-body.ts';
import { formatHead, type ResponseHead } from './response-head.ts';
import { sendStream } from './send-stream.ts';

/** One request and its response on the node:http lane. */
export class HttpExchange implements RequestSource, Exchange {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: MessageBody | undefined;
  readonly raw: IncomingMessage;
  readonly refusal: HttpError | undefined;
  /** Set by the lane right after it is made of this. */
  request: HttpRequest | undefined;
  readonly #connection: Connection;
  readonly #response: ServerResponse;
  readonly #log: LogHolder;

  constructor(message: IncomingMessage, response: ServerResponse, connection: Connection, config: ServerConfig, log: LogHolder) {
    const { refusal, hasBody, declaredBytes, expectsContinue, asksForUpgrade } = inspectHead(message, config);
    this.method = message.method as string;
    this.target = message.url as string;
    this.rawHeaders = message.rawHeaders;
    const invite = expectsContinue ? (): void => response.writeContinue() : undefined;
    this.body = hasBody ? new MessageBody(message, declaredBytes, invite) : undefined;
    this.raw = message;
    this.refusal = refusal;
    this.#connection = connection;
    this.#response = response;
    this.#log = log;
    // Where a request ends that is refused for its head, or offers another protocol, nobody can say for sure.
    if (refusal !== undefined || asksForUpgrade) connection.isLast = connection.isClosing = true;
    response.on('close', () => this.#finish());
  }

  #finish(): void {
    this.#connection.finish(this);
    if (this.request !== undefined) controls.release(this.request);
  }

  get rawTrailers(): readonly string[] {
    return this.raw.rawTrailers;
  }

  get address(): string {
    return this.#connection.address;
  }

  get port(): number {
    return this.#connection.port;
  }

  get secure(): boolean {
    return (this.raw.socket as Partial<TLSSocket>).encrypted === true;
  }

  get awaitsClient(): boolean {
    return this.body?.isAwaited ?? false;
  }

  abort(reason: AbortedError): void {
    if (this.request !== undefined) controls.abort(this.request, reason);
  }

  /**
   * Sends a response. Never throws: what cannot be sent is reported, and while nothing of it has left, what `recover` makes of
   * the failure is sent in its place.
   */
  async send(response: HttpResponse, recover?: (failure: unknown) => HttpResponse | Promise<HttpResponse>): Promise<void> {
    if (this.#response.destroyed || this.raw.socket.destroyed) {
      discardBody(response, new AbortedError('The client went away before the response began.', 'ERR_PORTLIGHT_CLIENT_GONE'));
      return;
    }
    try {
      await this.#write(response);
    } catch (error) {
      if (recover === undefined || this.#response.headersSent || AbortedError.is(error)) this.#fail(error);
      else await this.send(await recover(error));
    }
  }

  #write(response: HttpResponse): Promise<void> | undefined {
    const head = formatHead(response);
    const to = this.#response;
    const isUnread = this.#leavesBodyUnread();
    const lingers = isUnread && this.body?.isHeldBack === false;
    if (head.asksToClose || isUnread) this.#connection.isLast = true;
    if (this.#connection.isLast && this.#connection.isNewest(this)) {
      this.#connection.isClosing = true;
      head.fields.push('connection', 'close');
    }
    const { body } = response;
    if (head.mayHaveBody && this.method !== 'HEAD' && isStream(body)) return this.#stream(body, head, lingers);
    to.writeHead(head.status, head.fields);
    if (!head.mayHaveBody || this.method === 'HEAD' || body === null || isStream(body)) {
      discardBody(response, new Error('A response to this request has no body.'));
      return this.#end(undefined, lingers);
    }
    return this.#end(body, lingers);
  }

  async #stream(body: BodyStream, head: ResponseHead, lingers: boolean): Promise<void> {
    const to = this.#response;
    await sendStream(body, to, () => to.writeHead(head.status, head.fields), this.raw.socket, head.bodyBytes);
    await this.#end(undefined, lingers);
  }

  #end(body: string | Uint8Array | undefined, lingers: boolean): Promise<void> | undefined {
    if (lingers) return this.#endAfterUpload(body);
    if (this.body?.isComplete === false) this.#takeRest(DEFAULTS.maxDrainedBodyBytes);
    this.#response.end(body);
    return undefined;
  }

  /** Takes what is left of a body nobody read, to keep the connection; closes it when that is more than was to be expected. */
  #takeRest(mostBytes: number): void {
    const { socket } = this.raw;
    const start = socket.bytesRead;
    this.raw.on('data', () => {
      if (socket.bytesRead - start > mostBytes && !this.#connection.isEnding) this.#connection.end(new Uint8Array(0));
    });
  }

  /**
   * Sends the answer at once, but closes only when the client has sent its body, or for some seconds did not: a
   * socket that is closed with bytes unread sends a reset, which can overtake the answer (RFC 9112 §9.6).
   */
  async #endAfterUpload(body: string | Uint8Array | undefined): Promise<void> {
    const message = this.raw;
    if (body === undefined) this.#response.flushHeaders();
    else this.#response.write(body);
    await new Promise<void>((resolve) => {
      const { socket } = message;
      if (message.destroyed || socket.readableEnded) return resolve();
      const timer = setTimeout(resolve, DEFAULTS.lingerMs).unref();
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      message.once('close', done);
      socket.once('end', done);
      this.body?.whenFailed(done);
      message.removeAllListeners('data');
      message.resume();
    });
    this.#response.end();
  }

  /** Whether more of the request's body is still to come than is worth taking in to keep the connection. */
  #leavesBodyUnread(): boolean {
    const { body } = this;
    if (body === undefined || body.isComplete || this.#connection.isRefused) return false;
    // Paused: whoever read it stopped before its end, over the limit for example.
    return body.isHeldBack || body.hasFailed || this.raw.isPaused() || (body.declaredBytes ?? body.receivedBytes) > DEFAULTS.maxDrainedBodyBytes;
  }

  /** After the head there is no second one: the connection is cut, so that nobody takes what came for the whole. */
  #fail(error: unknown): void {
    const isClientGone = AbortedError.is(error);
    const fields = { err: error, method: this.method, path: this.request?.path };
    if (isClientGone) this.#log.logger.debug(fields, 'A response was not sent to its end.');
    else this.#log.logger.error(fields, 'A response could not be sent.');
    if (this.#response.headersSent) {
      this.#response.destroy();
      return;
    }
    this.#connection.isLast = true;
    this.#response.writeHead(500, ['content-length', '0', 'connection', 'close']).end();
  }
}
