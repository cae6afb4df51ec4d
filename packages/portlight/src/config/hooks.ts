import type { HttpRequest } from '../request/http-request.ts';
import type { HttpResponse } from '../response/http-response.ts';
import type { HttpError } from '../errors/http-error.ts';

/**
 * Wraps what comes after it. What it returns is the response, read as a handler's reply; `undefined` stands for what
 * `next` gave.
 *
 * `next` may be called once. It never rejects: an error in what comes after is a response when it arrives here.
 */
export type Middleware = (request: HttpRequest, next: () => Promise<HttpResponse>) => unknown;

/**
 * Makes the response for an error. Where the reply names no status, the error's stands.
 *
 * `request` is `undefined` for what the parser refused, before there was a request (400, 408, 431).
 */
export type ErrorHandler = (error: HttpError, request: HttpRequest | undefined) => unknown;

/** What has come in, and what became of it. */
export interface FinishedExchange {
  /**
   * What became of it: an answer, a channel, or a stream of events; the last two are finished when they are closed. A
   * refused handshake was answered, so it is `'http'`.
   */
  readonly kind: 'http' | 'websocket' | 'events';
  /** `undefined` for what the parser refused, before there was a request. */
  readonly request: HttpRequest | undefined;
  readonly method: string | undefined;
  /** As `request.path`. */
  readonly path: string | undefined;
  /** As `request.route`. */
  readonly route: string | undefined;
  /** 101 to 599; `undefined` where the client left, or was cut, before an answer began. */
  readonly status: number | undefined;
  /** From when the request was read to the end, in ms, with fractions. */
  readonly durationMs: number;
  /** What the kernel was given of the answer, its head included; of a channel all its frames. */
  readonly bytesSent: number;
  /** It was cut before its end: the client left, its stream failed, or a stop did not wait any longer. */
  readonly isAborted: boolean;
  /** Of a channel, as its handler `close` gets it. */
  readonly closeCode: number | undefined;
  /** What was answered as an error, or what cut it. */
  readonly error: Error | undefined;
}

/** Hears of what is finished, once for everything that came in. */
export type FinishObserver = (exchange: FinishedExchange) => void;

/** Which errors an {@link ErrorHandler} is for: one status, a class of them, or all. */
export type ErrorStatus = number | '4xx' | '5xx';

/**
 * Sees every response before it leaves. A returned string or bytes replaces the body, a returned response the whole.
 *
 * `request` is `undefined` for what the parser refused.
 */
export type ResponseInterceptor = (
  response: HttpResponse,
  request: HttpRequest | undefined,
) => HttpResponse | string | Uint8Array | void | Promise<HttpResponse | string | Uint8Array | void>;
