import type { BodySource } from '../../request/body-source.ts';
import type { HttpResponse } from '../../response/http-response.ts';
import { StreamedBody } from '../../response/streamed-body.ts';
import { Exchange, type Services } from '../exchange.ts';
import { CLOSE, formatHeadText } from '../head-text.ts';
import { inspectResponse, type ResponseHead, takeBody } from '../../response/response-head.ts';
import { sendStream } from '../send-stream.ts';
import type { FastConnection } from './fast-connection.ts';
import { type HeadParser, readFields } from './head-parser.ts';
import { StreamWriter } from './stream-writer.ts';

const LAST_RESORT: ResponseHead = {
  status: 500,
  fields: [],
  bodyBytes: 0,
  hasBody: true,
  option: undefined,
  trailers: undefined,
  asksToClose: true,
};

/** One request and its response on the fast lane. */
export class FastExchange extends Exchange {
  readonly body: BodySource | undefined;
  readonly isOld: boolean;
  readonly #carrier: FastConnection;
  readonly #fieldLines: string;
  #rawHeaders: readonly string[] | undefined;
  #writer: StreamWriter | undefined;

  constructor(
    { method, target, fieldLines, isOld }: HeadParser,
    body: BodySource | undefined,
    carrier: FastConnection,
    services: Services,
  ) {
    super(method, target, carrier.connection, services);
    this.body = body;
    this.isOld = isOld;
    this.#carrier = carrier;
    this.#fieldLines = fieldLines;
  }

  get rawHeaders(): readonly string[] {
    this.#rawHeaders ??= readFields(this.#fieldLines);
    return this.#rawHeaders;
  }

  /** The whole of it has come. */
  get awaitsClient(): boolean {
    return false;
  }

  get hasBegun(): boolean {
    return this.#writer?.headersSent === true;
  }

  protected override get position(): number {
    return this.#carrier.position;
  }

  protected write(response: HttpResponse): Promise<void> | undefined {
    const head = inspectResponse(response, this.method, this);
    const body = takeBody(response, head);
    if (body instanceof StreamedBody) return this.#stream(body, head);
    const text = formatHeadText(head, this.#persistence(head));
    this.#observeNext(text.length + (head.hasBody ? (head.bodyBytes ?? 0) : 0));
    if (body === null) this.#carrier.write(text);
    else if (typeof body === 'string')
      this.#carrier.write(text + (body.length === head.bodyBytes ? body : toByteText(body)));
    else this.#carrier.writeWithBytes(text, body);
    this.finish();
    return undefined;
  }

  protected cut(): void {
    const { socket } = this.connection;
    if (socket.destroyed) {
      this.finish();
      return;
    }
    socket.once('close', () => this.finish());
    socket.destroy();
  }

  protected writeLastResort(): void {
    const text = formatHeadText(LAST_RESORT, CLOSE);
    this.#observeNext(text.length);
    this.#carrier.write(text);
    this.finish();
  }

  protected override finish(): void {
    super.finish();
    this.#carrier.proceed();
  }

  /** @param bytes of the answer that is written next */
  #observeNext(bytes: number): void {
    if (this.observation === undefined) return;
    const to = this.position + bytes;
    this.#carrier.whenSent(() => this.observeEnd(to));
  }

  /** What is said about the connection: whether it goes on (RFC 9112 §9.3), and for how long. */
  #persistence(head: ResponseHead): string {
    return this.isLast(head) ? CLOSE : this.#carrier.persistence;
  }

  async #stream(body: StreamedBody, head: ResponseHead): Promise<void> {
    const { socket } = this.connection;
    const isChunked = head.bodyBytes === undefined && !this.isOld;
    const writer = new StreamWriter(socket, isChunked);
    this.#writer = writer;
    this.#carrier.flush();
    const begin = (): void =>
      writer.writeHead(
        formatHeadText(head, this.#persistence(head) + (isChunked ? 'Transfer-Encoding: chunked\r\n' : '')),
      );
    await sendStream(body, writer, begin, socket, head.bodyBytes);
    const trailers = head.trailers === undefined ? undefined : await body.readTrailers(head.trailers);
    let to = Infinity;
    writer.end(trailers, this.observation && (() => this.observeEnd(to)));
    to = this.position;
    this.finish();
  }
}

/** Text as its bytes in UTF-8, a character for each. */
function toByteText(text: string): string {
  return Buffer.from(text).toString('latin1');
}
