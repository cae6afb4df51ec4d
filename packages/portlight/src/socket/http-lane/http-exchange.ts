import type { IncomingMessage, ServerResponse } from 'node:http';
import { DEFAULTS } from '../../defaults.ts';
import type { HttpError } from '../../errors/http-error.ts';
import { takeoverOf } from '../../handlers/takeover.ts';
import type { LentExchange } from '../../handlers/taker.ts';
import type { HttpResponse } from '../../response/http-response.ts';
import { StreamedBody } from '../../response/streamed-body.ts';
import type { Connection } from '../connection.ts';
import { Exchange, type Services } from '../exchange.ts';
import { inspectHead } from './inspect-head.ts';
import { MessageBody } from './message-body.ts';
import { reasonOf } from '../head-text.ts';
import { isPromiseLike } from '../../response/is-promise-like.ts';
import { inspectResponse, type ResponseHead, takeBody } from '../../response/response-head.ts';
import { sendStream } from '../send-stream.ts';

/** One request and its response on the node:http lane. */
export class HttpExchange extends Exchange {
  readonly body: MessageBody | undefined;
  readonly #refusal: HttpError | undefined;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  /** A guest answers, and reads the body by itself. */
  #isLent = false;

  /** @param requestLine as it came, where that is known */
  constructor(
    message: IncomingMessage,
    requestLine: string | undefined,
    response: ServerResponse,
    connection: Connection,
    services: Services,
  ) {
    super(message.method as string, message.url as string, connection, services);
    const { refusal, hasBody, declaredBytes, expectsContinue, asksForUpgrade, asksToClose } = inspectHead(
      message,
      services.config,
      requestLine,
    );
    const invite = expectsContinue ? (): void => response.writeContinue() : undefined;
    this.body = hasBody ? new MessageBody(message, declaredBytes, invite) : undefined;
    this.#refusal = refusal;
    this.#message = message;
    this.#response = response;
    // Where a request ends that is refused for its head, or offers another protocol, nobody can say for sure.
    if (refusal !== undefined || asksForUpgrade || asksToClose) connection.closeAfterNewest();
    if (this.observation !== undefined) response.on('finish', () => this.#concludeObservation());
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

  get isOld(): boolean {
    return this.#message.httpVersion === '1.0';
  }

  get awaitsClient(): boolean {
    const message = this.#message;
    return this.#isLent ? !message.complete && message.readableFlowing === true : (this.body?.isAwaited ?? false);
  }

  override get isReceiving(): boolean {
    return this.body?.isComplete === false;
  }

  override failBody(error: Error): void {
    if (!this.isReceiving) return;
    if (this.#isLent) this.#message.destroy(error);
    else this.body?.fail(error);
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  protected write(response: HttpResponse): Promise<void> | undefined {
    const take = takeoverOf(response);
    if (take !== undefined) return this.#lend(response, take);
    if (this.#isLent) this.#takeBack();
    const head = inspectResponse(response, this.method, this);
    const body = takeBody(response, head);
    if (body instanceof StreamedBody) return this.#stream(body, head);
    const fields = this.#writeHead(head);
    this.#end(typeof body === 'string' && fields.some(isNotAscii) ? Buffer.from(body) : body);
    return undefined;
  }

  /** A guest answers with a status of its own. */
  #concludeObservation(): void {
    if (this.observation !== undefined) this.observation.status = this.#response.statusCode;
    this.observeEnd(this.position);
  }

  /** Lets a guest answer in place of the response, with the fields that this one has. */
  #lend(response: HttpResponse, take: (lent: LentExchange) => unknown): Promise<void> | undefined {
    this.#isLent = true;
    for (const [name, value] of response.headers) this.#response.appendHeader(name, value);
    this.#keepPersistence();
    this.body?.invite();
    if (this.isReceiving) this.connection.lingerAtEnd();
    const outcome = take({ message: this.#message, response: this.#response });
    return isPromiseLike(outcome) ? Promise.resolve(outcome).then(() => {}) : undefined;
  }

  /** The guest has failed before it sent anything, and another response takes its place. */
  #takeBack(): void {
    this.#isLent = false;
    for (const name of this.#response.getHeaderNames()) this.#response.removeHeader(name);
  }

  /** node:http asks whether the connection goes on when a head is written: a drain may have begun by then. */
  #keepPersistence(): void {
    let isKept = this.#response.shouldKeepAlive;
    Object.defineProperty(this.#response, 'shouldKeepAlive', {
      get: () => isKept && !this.connection.endsWith(this),
      set(value: boolean) {
        isKept = value;
      },
    });
  }

  /** @returns its fields */
  #writeHead(head: ResponseHead): readonly string[] {
    if (this.#leavesBodyUnread()) this.connection.closeAfterNext();
    const fields = [...head.fields];
    if (head.bodyBytes !== undefined) fields.push('content-length', String(head.bodyBytes));
    // node:http looks at what the client says of the connection where nothing is said in the response.
    if (head.option !== undefined && !this.#response.shouldKeepAlive) this.connection.closeAfterNext();
    const isLast = this.isLast(head);
    if (isLast) {
      this.#response.shouldKeepAlive = false;
      if (this.body?.isComplete === false) this.connection.lingerAtEnd();
    }
    if (head.option !== undefined) fields.push('Connection', isLast ? `close, ${head.option}` : head.option);
    // To a client of HTTP/1.0 that says it takes chunks, node:http would send them (RFC 9112 §6.1).
    if (this.isOld) this.#response.removeHeader('transfer-encoding');
    this.#response.writeHead(head.status, reasonOf(head.status), fields);
    return fields;
  }

  protected cut(): void {
    const { socket } = this.connection;
    // node:http keeps back what is written in one turn of the loop: what came before the failure leaves before the cut.
    while (socket.writableCorked > 0) socket.uncork();
    this.#response.destroy();
  }

  protected writeLastResort(): void {
    this.#response.writeHead(500, reasonOf(500), ['content-length', '0', 'Connection', 'close']).end();
  }

  async #stream(body: StreamedBody, head: ResponseHead): Promise<void> {
    await sendStream(body, this.#response, () => this.#writeHead(head), this.connection.socket, head.bodyBytes);
    if (head.trailers !== undefined) this.#response.addTrailers(toPairs(await body.readTrailers(head.trailers)));
    this.#end(null);
  }

  #end(body: string | Uint8Array | null): void {
    if (this.body?.isComplete === false) this.#takeRest();
    this.#response.end(body ?? undefined);
  }

  /**
   * Takes what is left of a body nobody read, so that the answer is read; to keep the connection, no more than was to
   * be expected.
   */
  #takeRest(): void {
    const { connection } = this;
    const { socket } = connection;
    const message = this.#message;
    const start = socket.bytesRead;
    // Whoever read it stopped.
    if (message.isPaused()) message.removeAllListeners('data');
    message.on('data', () => {
      if (!connection.isLast && socket.bytesRead - start > DEFAULTS.maxDrainedBodyBytes) connection.end();
    });
    message.resume();
  }

  /** Whether more of the request's body is still to come than is worth taking in to keep the connection. */
  #leavesBodyUnread(): boolean {
    const { body } = this;
    if (body === undefined || body.isComplete) return false;
    // Paused: whoever read it stopped before its end, over the limit for example.
    return (
      body.isHeldBack ||
      body.failure !== undefined ||
      this.#message.isPaused() ||
      (body.declaredBytes ?? body.receivedBytes) > DEFAULTS.maxDrainedBodyBytes
    );
  }
}

/** node:http would write a head together with a body that is text, and both as UTF-8; a head is Latin-1. */
function isNotAscii(text: string): boolean {
  return /[^\x00-\x7f]/.test(text);
}

function toPairs(flat: readonly string[]): [string, string][] {
  return Array.from(
    { length: flat.length / 2 },
    (_, index) => flat.slice(2 * index, 2 * index + 2) as [string, string],
  );
}
