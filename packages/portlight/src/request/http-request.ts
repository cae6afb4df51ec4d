import { AsyncResource } from 'node:async_hooks';
import { BadRequestError } from '../errors/http-error.ts';
import { preferredType } from '../fields/accept.ts';
import { parseCookies } from '../fields/cookie.ts';
import { isHost } from '../fields/host.ts';
import { MEDIA_TYPES } from '../fields/media-type.ts';
import { assertReadable } from './assert-readable.ts';
import { type ReceivedForm, receiveForm } from './form.ts';
import type { FormLimits } from './form-limits.ts';
import { decodeUtf8, parseJson } from './json.ts';
import { parseQuery, type Query } from './query.ts';
import { RequestBody } from './request-body.ts';
import { findOrigin, type Origin } from './origin.ts';
import type { ReplySource } from './reply-source.ts';
import type { RequestState } from './request-state.ts';
import type { RequestRules, RequestSource } from './request-source.ts';
import type { ServerView } from '../server-view.ts';
import { toText } from './to-text.ts';
import { parseTarget, refuseTarget, type Target, toPathname } from './target.ts';
import type { ReceivedFormData } from './uploaded-file.ts';

/** What a route's pattern and schemas say about its requests. */
export interface RequestShape {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** A request of which nothing is known but that it is one, as middleware and error handlers see it. */
export interface AnyRequestShape extends RequestShape {
  readonly params: Readonly<Record<string, string | string[] | undefined>>;
  readonly query: Readonly<Query>;
  readonly body: unknown;
}

/** Who sent a request. */
export interface RequestClient {
  /** What tells this client from others: its address, or what the option `identify` says. */
  readonly id: string;
  readonly address: string;
  /** 0 where a proxy does not tell. */
  readonly port: number;
}

/** Told to sources that are still open then: a body was made of theirs, or they came too late. */
const RESPONSE_IS_OVER = new Error('The response is over.');

const NO_RULES: RequestRules = { trusts: undefined, identify: undefined, mediaTypes: undefined, idHeader: undefined };

/** What is believed of an id that a client sends. */
const SENT_ID = /^[!-~]{1,128}$/;

/** What a request knows of the plan that it follows. */
export interface RequestPlan {
  /** The pattern of its route, if it has one. */
  readonly route?: string | undefined;
  /** How long the whole of it may take to come, in ms, where that is not as of any request. */
  readonly requestTimeoutMs?: number | undefined;
}

/** What the pipeline and the lanes do to a request, and an app cannot. */
export interface RequestControls {
  payload(request: HttpRequest<RequestShape>): RequestBody;
  target(request: HttpRequest<RequestShape>): Target;
  /** Of who routed it; `undefined` before that. */
  planOf(request: HttpRequest<RequestShape>): RequestPlan | undefined;
  setPlan(request: HttpRequest<RequestShape>, plan: RequestPlan): void;
  /** The error that was answered last. */
  errorOf(request: HttpRequest<RequestShape>): Error | undefined;
  setError(request: HttpRequest<RequestShape>, error: Error): void;
  /** Why nobody waits for the response any more, if that is so. */
  abortReason(request: HttpRequest<RequestShape>): Error | undefined;
  /** Whether the client asks to speak WebSocket from here on. */
  isUpgrade(request: HttpRequest<RequestShape>): boolean;
  /** @throws {PayloadTooLargeError} when the body says that it is over its limit */
  assertBodyWithinLimit(request: HttpRequest<RequestShape>): void;
  /** Sets how much of the body may be read, before anybody can. */
  limitBody(request: HttpRequest<RequestShape>, limitBytes: number): void;
  /** Receives the body, if it has so many bytes at most, before anybody reads it. @returns as `RequestBody#receive` */
  receiveBody(request: HttpRequest<RequestShape>, maxBytes: number): Promise<void> | undefined;
  /** Sets how much of a form is taken in where the handler does not say. */
  limitForm(request: HttpRequest<RequestShape>, limits: FormLimits): void;
  setParams(request: HttpRequest<RequestShape>, params: unknown): void;
  setQuery(request: HttpRequest<RequestShape>, query: unknown): void;
  setBody(request: HttpRequest<RequestShape>, body: unknown): void;
  /** Makes the request the owner of what gives the body of its response: it ends with the request. */
  adopt(request: HttpRequest<RequestShape>, source: ReplySource): void;
  /** How many chunks the source gave of what is sent; `undefined` where none is open. */
  countChunks(request: HttpRequest<RequestShape>): number | undefined;
  /** Tells what gives the body of the response that nobody waits for it. */
  cancelReply(request: HttpRequest<RequestShape>, reason: Error): void;
  /** Calls back when `body` is asked for although a body came and no schema made it. */
  watchBody(request: HttpRequest<RequestShape>, onMissed: () => void): void;
  /** Calls back when the response is done, at once where it is. */
  whenReleased(request: HttpRequest<RequestShape>, listener: () => void): void;
  /** The response is done: what was kept for the request can go. */
  release(request: HttpRequest<RequestShape>): void;
  isAborted(request: HttpRequest<RequestShape>): boolean;
  abort(request: HttpRequest<RequestShape>, reason: Error): void;
  /** Calls back when nobody waits for the response any more, or when too long was waited; at once where that is so. */
  onAbort(request: HttpRequest<RequestShape>, listener: () => void): void;
  /** Keeps the async context of this call, as that in which the handler of the request is called. */
  keepContext(request: HttpRequest<RequestShape>): void;
  /** Runs in the context that was kept, if one was. */
  inContext<Result>(request: HttpRequest<RequestShape>, run: () => Result): Result;
}

/** Set by the class below, which alone reaches its private fields. */
export let controls: RequestControls;
let payload: RequestControls['payload'];

/**
 * A request, the same on every lane and without one (`server.fetch`).
 *
 * Everything but `method` and `path` is made when it is first asked for.
 */
export class HttpRequest<Shape extends RequestShape = AnyRequestShape> {
  /** In upper case, as sent: `GET`, `PROPFIND`. */
  readonly method: string;
  /**
   * The path, without the query, in the form by which routes are chosen: every escape is decoded but `%2F` and `%25`,
   * so that `/%61dmin` is `/admin` for a guard as well. `*` for `OPTIONS *`. As it was sent where the target was
   * refused.
   */
  readonly path: string;
  /** The server that received the request. */
  readonly server: ServerView;

  readonly #source: RequestSource;
  readonly #target: Target;
  readonly #rules: RequestRules;
  #plan: RequestPlan | undefined;
  #error: Error | undefined;
  #origin: Origin | undefined;
  #client: RequestClient | undefined;
  #params: unknown;
  #query: unknown;
  #body: unknown;
  #onMissedBody: (() => void) | undefined;
  #payload: RequestBody | undefined;
  #json: Promise<unknown> | undefined;
  #headers: Headers | undefined;
  #cookies: Record<string, string> | undefined;
  #url: URL | undefined;
  #id: string | undefined;
  #form: Promise<ReceivedForm> | undefined;
  #formLimits: FormLimits | undefined;
  #state: (RequestState & Record<string, unknown>) | undefined;
  #replySources: Set<ReplySource> | undefined;
  /** Why nobody waits for the body of a response any more. */
  #cancelReason: Error | undefined;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #onAbort: (() => void) | undefined;
  #onReleased: (() => void) | undefined;
  #context: AsyncResource | undefined;

  constructor(source: RequestSource, server: ServerView, rules: RequestRules = NO_RULES) {
    this.#source = source;
    this.#rules = rules;
    this.#target =
      source.refusal === undefined ? parseTarget(source.target) : refuseTarget(source.target, source.refusal);
    this.server = server;
    this.method = source.method;
    this.path = this.#target.path;
  }

  /**
   * The parameters of the pattern, percent-decoded once, or the output of the `params` schema. They inherit nothing.
   */
  get params(): Shape['params'] {
    return (this.#params ??= Object.create(null) as unknown);
  }

  /**
   * The query, or the output of the `query` schema. Without a schema: a name that stands once is a string, a repeated
   * one an array; the record has no prototype.
   */
  get query(): Shape['query'] {
    return (this.#query ??= parseQuery(this.#target.search));
  }

  /** The output of the `body` schema; `undefined` without one. */
  get body(): Shape['body'] {
    if (this.#body === undefined) this.#onMissedBody?.();
    return this.#body;
  }

  /**
   * The pattern of the route that was taken, with its prefixes, as text: `/users/:id`; `*` for one of every path, and a
   * RegExp as it is written. `undefined` where there is none (404, 405).
   */
  get route(): string | undefined {
    return this.#plan?.route;
  }

  /**
   * The URL the client asked for. Its host is that of the target or of Host, or what a trusted proxy says; `invalid`,
   * which is nobody's name (RFC 6761 §6.4), where that is one that no `URL` can hold, as `1.2.3.4.5`. Its `pathname` is
   * `path` and nothing else, with whatever a URL has to escape; that of `OPTIONS *` is `/` (RFC 9110 §7.1).
   *
   * @throws {BadRequestError} when Host holds no host
   */
  get url(): URL {
    this.#url ??= this.#buildUrl();
    return this.#url;
  }

  /** The header fields; repeated ones are joined (RFC 9110 §5.3). */
  get headers(): Headers {
    this.#headers ??= toHeaders(this.#source.rawHeaders);
    return this.#headers;
  }

  /**
   * The trailer fields that came after a chunked body; none until the body was read to its end. Never part of
   * `headers`.
   */
  get trailers(): Headers {
    return toHeaders(this.#source.rawTrailers);
  }

  /** One header field, repeats joined, or `undefined`. Quicker than `headers`. */
  header(name: string): string | undefined {
    const raw = this.#source.rawHeaders;
    const key = name.toLowerCase();
    let found: string | undefined;
    for (let index = 0; index < raw.length; index += 2) {
      const candidate = raw[index] as string;
      if (candidate.length !== key.length || candidate.toLowerCase() !== key) continue;
      const value = raw[index + 1] as string;
      found = found === undefined ? value : `${found}${key === 'cookie' ? '; ' : ', '}${value}`;
    }
    return found;
  }

  /** The cookies, decoded. Of a repeated name the first counts. The record has no prototype. */
  get cookies(): Readonly<Record<string, string | undefined>> {
    this.#cookies ??= parseCookies(this.header('cookie') ?? '');
    return this.#cookies;
  }

  /**
   * The address of the client: of the peer, or as trusted proxies tell it. An IPv4 client of a dual-stack socket has
   * its IPv4 address.
   */
  get ip(): string {
    return this.#findOrigin().address;
  }

  get client(): RequestClient {
    this.#client ??= this.#findClient();
    return this.#client;
  }

  /**
   * Unique: a random UUID; or what the client has sent in the field that the option `requestIdHeader` names, where that
   * is 1 to 128 visible characters.
   */
  get id(): string {
    this.#id ??= this.#sentId() ?? crypto.randomUUID();
    return this.#id;
  }

  /**
   * The one of these media types that the client likes best (`Accept`), the first where it has no preference;
   * `undefined` where it takes none of them. A name without a slash stands for the type of files that end so: `html`.
   *
   * @example
   * if (request.accepts('html', 'json') === 'html') return HttpResponse.html(page);
   */
  accepts<const Type extends string>(...types: readonly Type[]): Type | undefined {
    return preferredType(this.header('accept'), types);
  }

  /** A place for what middleware wants to tell those after it. No prototype. Typed by {@link RequestState}. */
  get state(): RequestState & Record<string, unknown> {
    this.#state ??= Object.create(null) as RequestState & Record<string, unknown>;
    return this.#state;
  }

  /**
   * Aborts when nobody waits for the answer any more: the client went away, the handler took longer than it may, or
   * the deadline of a stop passed. The reason has a `code`.
   */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  /** Node's own message on the node:http lane, else `undefined`. */
  get raw(): unknown {
    return this.#source.raw;
  }

  /**
   * The body as a JSON value; asking again gives the same value.
   *
   * @throws {BadRequestError} 400 when it is no JSON
   * @throws {PayloadTooLargeError} 413 over the limit
   * @throws {UnsupportedMediaTypeError} 415 when it is compressed or in another charset than UTF-8
   */
  json(): Promise<unknown> {
    this.#json ??= this.#readJson();
    return this.#json;
  }

  /** The body as UTF-8 text. Throws as {@link json}. */
  async text(): Promise<string> {
    assertReadable(this);
    return decodeUtf8(await payload(this).bytes());
  }

  /** The body as it came, compressed or not. @throws {PayloadTooLargeError} 413 over the limit */
  bytes(): Promise<Uint8Array> {
    return payload(this).bytes();
  }

  /**
   * The body as it comes. It ends with an error when it goes over the limit.
   *
   * @throws {TypeError} when it was read before
   */
  stream(): ReadableStream<Uint8Array> {
    return payload(this).stream();
  }

  /**
   * The fields and files of a form, `multipart/form-data` or `application/x-www-form-urlencoded`; asking again gives
   * the same. A file over `memoryBytes` lies on disk, has its `path` as a property, and is removed when the response is
   * done. A file input that was left empty is a file without a name and without bytes, as browsers send it.
   *
   * @param limits over those of the route's `formLimits`
   * @throws {BadRequestError} 400 when the form is malformed
   * @throws {PayloadTooLargeError} 413 over the limit of the body or one of `limits`
   * @throws {UnsupportedMediaTypeError} 415 when the body is no form
   */
  async formData(limits?: FormLimits): Promise<ReceivedFormData> {
    this.#form ??= receiveForm(this, { ...this.#formLimits, ...limits });
    return (await this.#form).data;
  }

  /**
   * What was made of a source that has failed must not come to an end as if it were whole.
   *
   * @returns whether there is any
   */
  #failLater(failed: ReplySource, error: Error): boolean {
    const all = [...(this.#replySources ?? [])];
    const later = all.slice(all.indexOf(failed) + 1).filter(({ isOver }) => !isOver);
    for (const source of later) source.cancel(error);
    return later.length > 0;
  }

  #findOrigin(): Origin {
    this.#origin ??=
      this.#rules.trusts === undefined
        ? this.#direct()
        : findOrigin({ ...this.#direct(), header: (name) => this.header(name) }, this.#rules.trusts);
    return this.#origin;
  }

  /** The other end of the connection. */
  #direct(): Origin {
    const { address, port, secure } = this.#source;
    return { address, port, isSecure: secure, host: undefined };
  }

  #sentId(): string | undefined {
    const { idHeader } = this.#rules;
    const sent = idHeader === undefined ? undefined : this.header(idHeader);
    return sent !== undefined && SENT_ID.test(sent) ? sent : undefined;
  }

  #findClient(): RequestClient {
    const { address, port } = this.#findOrigin();
    const id: unknown = this.#rules.identify?.(this as HttpRequest<RequestShape> as HttpRequest);
    const isNamed = id !== undefined && id !== null && id !== '';
    return { id: isNamed ? toText(id, 'identify') : address, address, port };
  }

  async #readJson(): Promise<unknown> {
    assertReadable(this);
    return parseJson(await payload(this).bytes());
  }

  #buildUrl(): URL {
    const target = this.#target;
    const origin = this.#findOrigin();
    const host = origin.host ?? target.authority ?? this.header('host') ?? 'localhost';
    if (!isHost(host)) throw new BadRequestError('The Host field holds no host.');
    const path = target.path === '*' ? '' : toPathname(target.path);
    const known = URL.canParse(`http://${host}`) ? host : 'invalid';
    return new URL(
      `${origin.isSecure ? 'https' : 'http'}://${known}${path}${target.search === '' ? '' : `?${target.search}`}`,
    );
  }

  static {
    // Not in the declarations, which cannot name it.
    Object.defineProperty(this.prototype, MEDIA_TYPES, {
      get(this: HttpRequest<RequestShape>) {
        return this.#rules.mediaTypes;
      },
    });
    payload = (request) => (request.#payload ??= new RequestBody(request.#source.body));
    controls = {
      payload,
      target: (request) => request.#target,
      planOf: (request) => request.#plan,
      setPlan(request, plan) {
        request.#plan = plan;
      },
      errorOf: (request) => request.#error,
      setError(request, error) {
        request.#error = error;
      },
      abortReason: (request) => request.#abortReason,
      isUpgrade: (request) => request.#source.isUpgrade,
      assertBodyWithinLimit(request) {
        if (request.#source.body !== undefined) payload(request).assertDeclaredWithinLimit();
      },
      limitBody(request, limitBytes) {
        if (request.#source.body !== undefined) payload(request).limitBytes = limitBytes;
      },
      receiveBody: (request, maxBytes) =>
        request.#source.body === undefined ? undefined : payload(request).receive(maxBytes),
      limitForm(request, limits) {
        request.#formLimits = limits;
      },
      setParams(request, params) {
        request.#params = params;
      },
      setQuery(request, query) {
        request.#query = query;
      },
      setBody(request, body) {
        request.#body = body;
      },
      adopt(request, source) {
        if (request.#cancelReason !== undefined) {
          source.cancel(request.#cancelReason);
          return;
        }
        request.#replySources ??= new Set();
        if (request.#replySources.has(source)) return;
        request.#replySources.add(source);
        source.whenFailed((error) => request.#failLater(source, error));
      },
      countChunks(request) {
        // The last one is what is sent; those before it are what it is made of.
        const open = [...(request.#replySources ?? [])].filter(({ isOver }) => !isOver);
        return open.at(-1)?.chunks;
      },
      cancelReply(request, reason) {
        request.#cancelReason ??= request.#abortReason ?? reason;
        const open = [...(request.#replySources ?? [])].filter(({ isOver }) => !isOver);
        for (const source of open) source.cancel(request.#cancelReason);
        // Nothing was made of it yet: whoever reads it must not take what came for the whole.
        if (open.length === 1) open[0]?.failReader(request.#cancelReason);
      },
      watchBody(request, onMissed) {
        if (request.#source.body !== undefined) request.#onMissedBody = onMissed;
      },
      whenReleased(request, listener) {
        if (request.#cancelReason !== undefined) {
          listener();
          return;
        }
        const before = request.#onReleased;
        request.#onReleased = () => {
          before?.();
          listener();
        };
      },
      release(request) {
        request.#onReleased?.();
        request.#onReleased = undefined;
        request.#cancelReason ??= request.#abortReason ?? RESPONSE_IS_OVER;
        for (const source of request.#replySources ?? []) {
          source.cancel(request.#cancelReason);
          source.release();
        }
        void request.#form?.then(
          (form) => form.remove(),
          () => undefined,
        );
      },
      isAborted: (request) => request.#abortReason !== undefined,
      abort(request, reason) {
        if (request.#abortReason !== undefined) return;
        request.#abortReason = reason;
        request.#controller?.abort(reason);
        request.#onAbort?.();
      },
      onAbort(request, listener) {
        if (request.#abortReason !== undefined) listener();
        else request.#onAbort = listener;
      },
      keepContext(request) {
        request.#context = new AsyncResource('PortlightRequest');
      },
      inContext: (request, run) => (request.#context === undefined ? run() : request.#context.runInAsyncScope(run)),
    };
  }
}

/** Repeats joined: those of `Cookie` by a semicolon (RFC 9113 §8.2.3), all others by a comma. */
function toHeaders(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string;
    const value = raw[index + 1] as string;
    const present = name.length === 6 && name.toLowerCase() === 'cookie' ? headers.get(name) : null;
    if (present === null) headers.append(name, value);
    else headers.set(name, `${present}; ${value}`);
  }
  return headers;
}
