import { HttpError } from '../errors/http-error.ts';
import { ReplyError } from '../errors/reply-error.ts';
import { showValue } from '../errors/show-value.ts';
import { statusTitle } from '../errors/status-title.ts';
import type { ValidationError } from '../errors/validation-error.ts';
import { type CookieOptions, formatCookie } from '../fields/cookie.ts';
import { fieldControls, HeaderList } from '../fields/header-list.ts';
import { assertText } from './assert-text.ts';
import type { BodyStream, ResponseBody } from './body-stream.ts';
import { encodeBody, EncodedText, encodeJson, type HeldBody, toBody } from './encode-body.ts';
import { type HeaderValue, toFieldText, toFieldTexts } from './field-text.ts';
import { FileBody, type FileOptions } from './file-body.ts';
import { isPromiseLike } from './is-promise-like.ts';
import { parseRawResponse } from './raw-response.ts';
import { assertRedirectStatus, formatLocation } from './redirect.ts';
import { StreamedBody } from './streamed-body.ts';
import { type TrailerFields, Trailers } from './trailers.ts';

/**
 * Header fields of a response: a record, whose arrays stand for repeated fields, or pairs, a standard `Headers` among
 * them.
 */
export type HeaderFields = Readonly<Record<string, HeaderValue | undefined>> | Iterable<readonly [string, string]>;

export interface ResponseInit {
  /** 200 to 599. @default 200 */
  readonly status?: number | undefined;
  readonly headers?: HeaderFields | undefined;
}

export interface StreamInit extends ResponseInit {
  /**
   * Fields that follow the body, for clients of HTTP/1.1 that ask for them by `TE: trailers`; others get none, and no
   * function is called for them. They belong to this body, and go with it where another one takes its place. A function
   * that fails cuts the connection, as a source does.
   */
  readonly trailers?: TrailerFields | undefined;
}

/** Marks responses of every copy of this package in the process. */
const BRAND: symbol = Symbol.for('portlight.HttpResponse');

/** @throws {ReplyError} on the body of an open stream of events */
export function assertReplaceable(body: HeldBody): void {
  if (body instanceof StreamedBody && body.isFixed)
    throw new ReplyError('The body of an event stream cannot be replaced; its status and fields can.');
}

/** Whether a status was chosen for the response, rather than left at 200. Set by the class below. */
export let hasOwnStatus: (response: HttpResponse) => boolean;

/** The body as it is held, without lending it to anybody. Set by the class below, as what follows. */
export let bodyOf: (response: HttpResponse) => HeldBody;

/** Puts a body in the place of another; the header fields stay. */
export let setBody: (response: HttpResponse, body: HeldBody) => void;

/** Makes the response that stands for an upgrade until it is done: 101, whose fields go out with the handshake. */
export let switchProtocols: () => HttpResponse;

/**
 * A response, as handlers return it and interceptors see it.
 *
 * The body is encoded at once: an object is JSON text here already, an `ArrayBuffer` bytes.
 *
 * @throws {ReplyError} on a bad status or header, or a body that cannot be sent
 * @example
 * new HttpResponse('<h1>Hello</h1>', { headers: { 'content-type': 'text/html; charset=utf-8' } }).cookie('seen', '1');
 */
export class HttpResponse {
  readonly headers: HeaderList;
  #body: HeldBody;
  #status = 200;
  #isStatusChosen = false;

  constructor(body: unknown = null, init?: ResponseInit) {
    if (init !== undefined) assertInit(init);
    const encoded = encodeBody(body);
    this.#body = encoded.body;
    if (init?.status !== undefined) this.status = init.status;
    this.headers = new HeaderList(encoded.contentType === undefined ? [] : ['content-type', encoded.contentType]);
    if (init?.headers !== undefined) setFields(this, init.headers);
  }

  /** 200 to 599. @throws {ReplyError} when it is set to another */
  get status(): number {
    return this.#status;
  }

  set status(status: number) {
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new ReplyError(`A response needs a status from 200 to 599, not ${showValue(status)}.`);
    }
    this.#status = status;
    this.#isStatusChosen = true;
  }

  /**
   * Text (a JSON reply is text already), bytes, a stream or `null`. Whatever streams, a file or an upstream's answer
   * too, is a web stream of bytes here, and may be made into another body: `HttpResponse.stream(wrap(response.body))`,
   * or assigned in place. The `Content-Length` of the body before goes with it.
   *
   * @throws {ReplyError} when it is set to what would have to be encoded first, or by an interceptor
   *   in place of a stream of events
   */
  get body(): string | Uint8Array | ReadableStream<Uint8Array> | null {
    const body = this.#body;
    if (body === null || typeof body === 'string' || body instanceof Uint8Array) return body;
    return body.stream;
  }

  set body(body: ResponseBody) {
    const before = this.#body;
    if (before instanceof StreamedBody && before.isLent && before.stream === body) return;
    assertReplaceable(before);
    this.#body = toBody(body);
    this.headers.delete('content-length');
    if (before instanceof StreamedBody && !before.isLent) before.cancel(new Error('The body was replaced.'));
  }

  /**
   * Sets a field, in place of what it held.
   *
   * @throws {ReplyError} on CR, LF, NUL or another character no header may hold
   */
  header(name: string, value: HeaderValue): this {
    this.headers.replace(name, toFieldTexts(value, `The header ${showValue(name)}`));
    return this;
  }

  /**
   * Adds a `Set-Cookie`; the value is percent-encoded. An empty value with `maxAge: 0` makes the browser forget the
   * cookie.
   *
   * @throws {ReplyError} on a name or attribute no cookie may have, or a value that is neither text nor a number
   */
  cookie(name: string, value: string | number, options: CookieOptions = {}): this {
    if (typeof name !== 'string')
      throw new ReplyError(`A cookie is named by a string, not ${showValue(name)}.`, 'ERR_PORTLIGHT_INVALID_HEADER');
    const text = toFieldText(value, `The cookie ${JSON.stringify(name)}`);
    let field: string;
    try {
      field = formatCookie(name, text, options);
    } catch (cause) {
      throw new ReplyError(
        `The cookie ${JSON.stringify(name)} cannot be set: ${(cause as Error).message}.`,
        'ERR_PORTLIGHT_INVALID_HEADER',
        cause,
      );
    }
    this.headers.append('set-cookie', field);
    return this;
  }

  /**
   * Another response of the same status, headers and body; changes to one do not reach the other. A stream is shared.
   */
  clone(): HttpResponse {
    const copy = new HttpResponse(null);
    copy.#status = this.#status;
    copy.#isStatusChosen = this.#isStatusChosen;
    fieldControls.assign(copy.headers, this.headers);
    copy.#body = this.#body;
    return copy;
  }

  /** The body as text, so that `response + '…'` works in an interceptor. @throws {TypeError} when it is a stream */
  toString(): string {
    const body = this.#body;
    if (body === null) return '';
    if (typeof body === 'string') return body;
    if (body instanceof Uint8Array) return new TextDecoder().decode(body);
    throw new TypeError('The body of this response is a stream; it has no text.');
  }

  /** JSON, whatever the value: a string becomes a JSON string. */
  static json(value: unknown, init?: ResponseInit): HttpResponse {
    return new HttpResponse(new EncodedText(encodeJson(value), 'application/json'), init);
  }

  /** @throws {ReplyError} on what is neither text nor a number: `undefined`, a promise, an object */
  static text(text: string, init?: ResponseInit): HttpResponse {
    return new HttpResponse(new EncodedText(assertText(text, 'HttpResponse.text'), 'text/plain; charset=utf-8'), init);
  }

  /** HTML as it stands: what users wrote must be escaped before. @throws {ReplyError} as {@link text} */
  static html(html: string, init?: ResponseInit): HttpResponse {
    return new HttpResponse(new EncodedText(assertText(html, 'HttpResponse.html'), 'text/html; charset=utf-8'), init);
  }

  /**
   * Sends the client elsewhere: to a path, a relative reference, or an http(s) URL.
   *
   * `//host`, a backslash and other schemes are refused: given a location a client sent, they lead to other sites.
   *
   * @param status 301, 302, 303, 307 or 308
   * @throws {ReplyError} on a location or status that is refused
   */
  static redirect(location: string | URL, status = 302): HttpResponse {
    return new HttpResponse(null, {
      status: assertRedirectStatus(status),
      headers: { location: formatLocation(location) },
    });
  }

  /**
   * A file, with its type, length and validators; ranges and conditional requests are answered as RFC 9110 says.
   *
   * With `root`, a path may come from a client: what leads out of it, is hidden, or is no file, is 404.
   *
   * @example
   * server.get('/assets/*path', (request) => HttpResponse.file(request.params.path, { root: 'public' }));
   */
  static file(path: string | readonly string[], options: FileOptions & ResponseInit = {}): HttpResponse {
    const body = new FileBody(path, options);
    const response = new HttpResponse(null, { status: options.status, headers: options.headers });
    response.#body = body;
    return response;
  }

  /**
   * A stream of chunks, sent as fast as the client takes them. `application/octet-stream` unless `headers` say more.
   *
   * @throws {ReplyError} on what gives no chunks: `undefined`, a promise; on a trailer that cannot be one
   * @example
   * const sum = createHash('sha256');
   * HttpResponse.stream(chunksInto(sum), { trailers: { 'x-checksum': () => sum.digest('hex') } });
   */
  static stream(source: BodyStream, init: StreamInit = {}): HttpResponse {
    if (source === undefined || source === null || isPromiseLike(source))
      throw new ReplyError(`HttpResponse.stream needs a stream or an iterator, not ${showValue(source)}.`);
    const { trailers, ...rest } = assertObject(init);
    const response = new HttpResponse(source, rest);
    if (trailers !== undefined) {
      const body = response.#body;
      if (!(body instanceof StreamedBody))
        throw new ReplyError('Trailers follow a stream; what HttpResponse.stream was given is none.');
      body.trailers = new Trailers(trailers);
    }
    return response;
  }

  /**
   * `application/problem+json` (RFC 9457): `{ status, title, detail, …members }`.
   *
   * @param detail what went wrong this time, for the client's eyes
   * @param members further members, `code` or `errors` for example
   */
  static problem(status: number, detail?: string, members?: Readonly<Record<string, unknown>>): HttpResponse;
  /** The response that an error has by itself: its status, fields and code, and its message where that may be shown. */
  static problem(error: HttpError): HttpResponse;
  static problem(
    status: number | HttpError,
    detail?: string,
    members: Readonly<Record<string, unknown>> = {},
  ): HttpResponse {
    if (status instanceof HttpError) return problemOf(status);
    if (typeof status !== 'number')
      throw new ReplyError(`HttpResponse.problem needs a status or an HttpError, not ${showValue(status)}.`);
    if (typeof members !== 'object' || members === null || Symbol.iterator in members)
      throw new ReplyError(`The members of a problem are an object of fields, not ${showValue(members)}.`);
    const problem = { status, title: statusTitle(status), detail, ...members };
    return new HttpResponse(new EncodedText(encodeJson(problem), 'application/problem+json'), { status });
  }

  /**
   * A whole response as text, `HTTP/1.1 200 OK` to the last byte of the body, as Luminova's handlers return it.
   * `Content-Length` and `Connection` are ours and left out.
   *
   * @throws {ReplyError} when the text is no response, or its body is in chunks (`Transfer-Encoding`)
   */
  static raw(text: string): HttpResponse {
    const { status, fields, body } = parseRawResponse(assertText(text, 'HttpResponse.raw'));
    const response = new HttpResponse(null, { status });
    for (const [name, value] of fields) response.headers.append(name, value);
    response.#body = body;
    return response;
  }

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
    bodyOf = (response) => response.#body;
    setBody = (response, body) => {
      response.#body = body;
    };
    hasOwnStatus = (response) => response.#isStatusChosen;
    switchProtocols = () => {
      const response = new HttpResponse(null);
      response.#status = 101;
      return response;
    };
  }
}

function problemOf(error: HttpError): HttpResponse {
  const errors = 'errors' in error && Array.isArray(error.errors) ? { errors: (error as ValidationError).errors } : {};
  const response = HttpResponse.problem(error.status, error.expose ? error.message : undefined, {
    code: error.code,
    ...errors,
  });
  for (const [name, value] of Object.entries(error.headers)) response.header(name, value);
  return response;
}

/**
 * Whether the value is a response of another copy of the package: alike from outside, but without our private fields.
 */
export function isForeignResponse(value: object): value is Pick<HttpResponse, 'status' | 'headers' | 'body'> {
  return BRAND in value && !(value instanceof HttpResponse);
}

/** @throws {ReplyError} on a misspelt field, which would otherwise do nothing */
function assertInit(init: ResponseInit): void {
  const unknown = Object.keys(assertObject(init)).find((name) => name !== 'status' && name !== 'headers');
  if (unknown !== undefined)
    throw new ReplyError(`A response has no option ${JSON.stringify(unknown)}; status and headers are there.`);
}

function assertObject<Init extends ResponseInit>(init: Init): Init {
  if (typeof init === 'object' && (init as unknown) !== null) return init;
  throw new ReplyError(
    `The second argument of a response is an object such as { status: 201 }, not ${showValue(init)}.`,
  );
}

function setFields(response: HttpResponse, fields: HeaderFields): void {
  if (typeof fields !== 'object' || fields === null || isPromiseLike(fields)) {
    throw new ReplyError(
      `The headers of a response are a record such as { 'x-name': 'value' }, pairs, or Headers, not ${showValue(fields)}.`,
    );
  }
  if (Symbol.iterator in fields) {
    const pairs = [...(fields as Iterable<readonly [string, string]>)];
    for (const [name] of pairs) response.headers.delete(name);
    for (const [name, value] of pairs) response.headers.append(name, value);
    return;
  }
  for (const [name, value] of Object.entries(fields as Record<string, HeaderValue | undefined>)) {
    if (value !== undefined) response.header(name, value);
  }
}
