import type { IncomingMessage, ServerResponse } from 'node:http';
import { DEFAULTS } from '../../defaults.ts';
import type { HttpError } from '../../errors/http-error.ts';
import { bodyOf, type HttpResponse } from '../../response/http-response.ts';
import { discardBody } from '../../response/replace-body.ts';
import { StreamedBody } from '../../response/streamed-body.ts';
import type { Connection } from '../connection.ts';
import { Exchange, type Services } from '../exchange.ts';
import { inspectHead } from './inspect-head.ts';
import { MessageBody } from './message-body.ts';
import { inspectResponse, type ResponseHead } from '../response-head.ts';
import { sendStream } from '../send-stream.ts';

/** One request and its response on the node:http lane. */
export class HttpExchange extends Exchange {
  readonly body: MessageBody | undefined;
  readonly #refusal: HttpError | undefined;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(message: IncomingMessage, response: ServerResponse, connection: Connection, services: Services) {
    super(message.method as string, message.url as string, connection, services);
    const { refusal, hasBody, declaredBytes, expectsContinue, asksForUpgrade } = inspectHead(message, services.config);
    const invite = expectsContinue ? (): void => response.writeContinue() : undefined;
    this.body = hasBody ? new MessageBody(message, declaredBytes, invite) : undefined;
    this.#refusal = refusal;
    this.#message = message;
    this.#response = response;
    // Where a request ends that is refused for its head, or offers another protocol, nobody can say for sure.
    if (refusal !== undefined || asksForUpgrade) connection.isLast = connection.isClosing = true;
    response.on('close', () => this.finish());
  }

  override get raw(): IncomingMessage {
    return this.#message;
  }

  override get refusal(): HttpError | undefined {
    return this.#refusal;
  }

  override get rawTrailers(): readonly string[] {
    return this.#message.rawTrailers;
  }

  get rawHeaders(): readonly string[] {
    return this.#message.rawHeaders;
  }

  get awaitsClient(): boolean {
    return this.body?.isAwaited ?? false;
  }

  override get isReceiving(): boolean {
    return this.body?.isComplete === false;
  }

  override failBody(error: Error): void {
    if (this.isReceiving) this.body?.fail(error);
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  protected write(response: HttpResponse): Promise<void> | undefined {
    const head = inspectResponse(response);
    const to = this.#response;
    const isUnread = this.#leavesBodyUnread();
    const lingers = isUnread && this.body?.isHeldBack === false;
    if (isUnread) this.connection.isLast = true;
    const fields = [...head.fields];
    if (head.bodyBytes !== undefined) fields.push('content-length', String(head.bodyBytes));
    const isLast = this.isLast(head);
    if (isLast || head.option !== undefined) fields.push('Connection', [...(isLast ? ['close'] : []), ...(head.option === undefined ? [] : [head.option])].join(', '));
    const body = head.mayHaveBody && this.method !== 'HEAD' ? bodyOf(response) : null;
    if (body instanceof StreamedBody) return this.#stream(body, head, fields, lingers);
    to.writeHead(head.status, fields);
    if (body === null) {
      discardBody(response, new Error('A response to this request has no body.'));
      return this.#end(undefined, lingers);
    }
    return this.#end(typeof body === 'string' && fields.some(isNotAscii) ? Buffer.from(body) : (body as Uint8Array), lingers);
  }

  protected cut(): void {
    this.#response.destroy();
  }

  protected writeLastResort(): void {
    this.#response.writeHead(500, ['content-length', '0', 'Connection', 'close']).end();
  }

  async #stream(body: StreamedBody, { status, bodyBytes }: ResponseHead, fields: string[], lingers: boolean): Promise<void> {
    const to = this.#response;
    await sendStream(body, to, () => to.writeHead(status, fields), this.connection.socket, bodyBytes);
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
    const { socket } = this.connection;
    const start = socket.bytesRead;
    this.#message.on('data', () => {
      if (socket.bytesRead - start > mostBytes && !this.connection.isEnding) this.connection.end(new Uint8Array(0));
    });
  }

  /**
   * Sends the answer at once, but closes only when the client has sent its body, or for some seconds did not: a
   * socket that is closed with bytes unread sends a reset, which can overtake the answer (RFC 9112 §9.6).
   */
  async #endAfterUpload(body: string | Uint8Array | undefined): Promise<void> {
    const message = this.#message;
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
    if (body === undefined || body.isComplete || this.connection.isRefused) return false;
    // Paused: whoever read it stopped before its end, over the limit for example.
    return body.isHeldBack || body.hasFailed || this.#message.isPaused() || (body.declaredBytes ?? body.receivedBytes) > DEFAULTS.maxDrainedBodyBytes;
  }
}

/** node:http would write a head together with a body that is text, and both as UTF-8; a head is Latin-1. */
function isNotAscii(text: string): boolean {
  return /[^\x00-\x7f]/.test(text);
}
