import { ConfigError } from './config-error.ts';
import { PortlightError } from './portlight-error.ts';
import { showValue } from './show-value.ts';

/** What an {@link HttpError} may carry besides status and message. */
export interface HttpErrorOptions {
  /** Header fields of the response, `Retry-After` for example. A response of an error handler may override them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What led here. Logged, never sent. */
  readonly cause?: unknown;
  /**
   * Whether the client may read the message.
   *
   * @default true for 4xx, false for 5xx
   */
  readonly expose?: boolean;
  /** A stable code for programs, an app's own or one of docs/errors.md. */
  readonly code?: string;
}

const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'ERR_PORTLIGHT_BAD_REQUEST',
  401: 'ERR_PORTLIGHT_UNAUTHORIZED',
  403: 'ERR_PORTLIGHT_FORBIDDEN',
  404: 'ERR_PORTLIGHT_NOT_FOUND',
  405: 'ERR_PORTLIGHT_METHOD_NOT_ALLOWED',
  408: 'ERR_PORTLIGHT_REQUEST_TIMEOUT',
  413: 'ERR_PORTLIGHT_PAYLOAD_TOO_LARGE',
  415: 'ERR_PORTLIGHT_UNSUPPORTED_MEDIA_TYPE',
  429: 'ERR_PORTLIGHT_RATE_LIMITED',
  431: 'ERR_PORTLIGHT_HEADERS_TOO_LARGE',
  500: 'ERR_PORTLIGHT_INTERNAL',
  503: 'ERR_PORTLIGHT_SERVICE_UNAVAILABLE',
};

/**
 * An error with a status: thrown by a handler it becomes the response, as problem+json (RFC 9457) unless an error
 * handler makes something else of it.
 *
 * @throws {ConfigError} when `status` is not an integer from 400 to 599
 * @example
 * throw new HttpError(409, 'The name is taken.', { code: 'NAME_TAKEN' });
 */
export class HttpError extends PortlightError {
  /** 400 to 599. */
  readonly status: number;
  readonly expose: boolean;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, options: HttpErrorOptions = {}) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new ConfigError(`An HttpError needs a status from 400 to 599, not ${showValue(status)}.`);
    }
    super(message, options.code ?? CODE_BY_STATUS[status] ?? 'ERR_PORTLIGHT_HTTP', options.cause);
    this.status = status;
    this.expose = options.expose ?? status < 500;
    this.headers = options.headers ?? {};
  }

  static {
    this.prototype.name = 'HttpError';
  }
}

/**
 * The value as an {@link HttpError}: itself if it is one (also from another copy of the package), else a 500
 * "Internal Server Error" with the value as `cause`.
 */
export function toHttpError(thrown: unknown): HttpError {
  return isHttpError(thrown) ? thrown : new InternalServerError('Internal Server Error', { cause: thrown });
}

function isHttpError(value: unknown): value is HttpError {
  if (value instanceof HttpError) return true;
  if (!(value instanceof Error)) return false;
  const { status, code, headers, expose } = value as Partial<HttpError>;
  const isErrorStatus = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
  return (
    isErrorStatus &&
    typeof code === 'string' &&
    typeof expose === 'boolean' &&
    typeof headers === 'object' &&
    headers !== null
  );
}

/** 400: the request cannot be understood. */
export class BadRequestError extends HttpError {
  constructor(message = 'Bad Request', options?: HttpErrorOptions) {
    super(400, message, options);
  }

  static {
    this.prototype.name = 'BadRequestError';
  }
}

/** 401: the client has not said who it is. Send `WWW-Authenticate` in `headers` (RFC 9110 §11.6.1). */
export class UnauthorizedError extends HttpError {
  constructor(message = 'Unauthorized', options?: HttpErrorOptions) {
    super(401, message, options);
  }

  static {
    this.prototype.name = 'UnauthorizedError';
  }
}

/** 403: the client may not do this. */
export class ForbiddenError extends HttpError {
  constructor(message = 'Forbidden', options?: HttpErrorOptions) {
    super(403, message, options);
  }

  static {
    this.prototype.name = 'ForbiddenError';
  }
}

/** 404: nothing is here. */
export class NotFoundError extends HttpError {
  constructor(message = 'Not Found', options?: HttpErrorOptions) {
    super(404, message, options);
  }

  static {
    this.prototype.name = 'NotFoundError';
  }
}

/** 408: the client took too long to send its request. */
export class RequestTimeoutError extends HttpError {
  constructor(message = 'Request Timeout', options?: HttpErrorOptions) {
    super(408, message, options);
  }

  static {
    this.prototype.name = 'RequestTimeoutError';
  }
}

/** 413: the body is over the limit. */
export class PayloadTooLargeError extends HttpError {
  constructor(message = 'Content Too Large', options?: HttpErrorOptions) {
    super(413, message, options);
  }

  static {
    this.prototype.name = 'PayloadTooLargeError';
  }
}

/** 415: the body has a content type or encoding that is not read here. */
export class UnsupportedMediaTypeError extends HttpError {
  constructor(message = 'Unsupported Media Type', options?: HttpErrorOptions) {
    super(415, message, options);
  }

  static {
    this.prototype.name = 'UnsupportedMediaTypeError';
  }
}

/** 429: too many requests, for now. `Retry-After` says for how long. */
export class TooManyRequestsError extends HttpError {
  constructor(message = 'Too Many Requests', options?: HttpErrorOptions) {
    super(429, message, options);
  }

  static {
    this.prototype.name = 'TooManyRequestsError';
  }
}

/** 500: something failed on this side. */
export class InternalServerError extends HttpError {
  constructor(message = 'Internal Server Error', options?: HttpErrorOptions) {
    super(500, message, options);
  }

  static {
    this.prototype.name = 'InternalServerError';
  }
}

/** 503: not able to answer for the moment. */
export class ServiceUnavailableError extends HttpError {
  constructor(message = 'Service Unavailable', options?: HttpErrorOptions) {
    super(503, message, options);
  }

  static {
    this.prototype.name = 'ServiceUnavailableError';
  }
}

/** 405: the path is known, but not for this method. `Allow` names the methods it takes (RFC 9110 §15.5.6). */
export class MethodNotAllowedError extends HttpError {
  readonly allow: readonly string[];

  constructor(allow: readonly string[], message = 'Method Not Allowed', options: HttpErrorOptions = {}) {
    super(405, message, { ...options, headers: { allow: allow.join(', '), ...options.headers } });
    this.allow = Object.freeze([...allow]);
  }

  static {
    this.prototype.name = 'MethodNotAllowedError';
  }
}
