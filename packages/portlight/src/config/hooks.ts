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
