/**
 * Every code that an error of Portlight can carry, each explained in docs/errors.md.
 *
 * Codes are stable: apps and log searches tell errors apart by them, never by message or class.
 */
export type ErrorCode =
  // Misuse, thrown while an app is set up.
  | 'ERR_PORTLIGHT_CONFIG'
  | 'ERR_PORTLIGHT_INVALID_OPTION'
  | 'ERR_PORTLIGHT_INVALID_PATTERN'
  | 'ERR_PORTLIGHT_DUPLICATE_ROUTE'
  | 'ERR_PORTLIGHT_LATE_REGISTRATION'
  // Replies that cannot be sent; a header also where an app is set up.
  | 'ERR_PORTLIGHT_INVALID_REPLY'
  | 'ERR_PORTLIGHT_INVALID_HEADER'
  // Listening.
  | 'ERR_PORTLIGHT_LISTEN'
  | 'ERR_PORTLIGHT_PORT_IN_USE'
  | 'ERR_PORTLIGHT_PORT_NOT_ALLOWED'
  | 'ERR_PORTLIGHT_ADDRESS_NOT_FOUND'
  // Requests that are refused, told to the client.
  | 'ERR_PORTLIGHT_BAD_REQUEST'
  | 'ERR_PORTLIGHT_MALFORMED_BODY'
  | 'ERR_PORTLIGHT_VALIDATION'
  | 'ERR_PORTLIGHT_UNAUTHORIZED'
  | 'ERR_PORTLIGHT_FORBIDDEN'
  | 'ERR_PORTLIGHT_NOT_FOUND'
  | 'ERR_PORTLIGHT_METHOD_NOT_ALLOWED'
  | 'ERR_PORTLIGHT_REQUEST_TIMEOUT'
  | 'ERR_PORTLIGHT_PAYLOAD_TOO_LARGE'
  | 'ERR_PORTLIGHT_UNSUPPORTED_MEDIA_TYPE'
  | 'ERR_PORTLIGHT_CONNECTION_REQUIRED'
  | 'ERR_PORTLIGHT_RATE_LIMITED'
  | 'ERR_PORTLIGHT_HEADERS_TOO_LARGE'
  | 'ERR_PORTLIGHT_HTTP'
  // Requests that failed on this side.
  | 'ERR_PORTLIGHT_INTERNAL'
  | 'ERR_PORTLIGHT_RESPONSE_VALIDATION'
  | 'ERR_PORTLIGHT_SERVICE_UNAVAILABLE'
  | 'ERR_PORTLIGHT_HANDLER_TIMEOUT'
  // Why `request.signal` aborted.
  | 'ERR_PORTLIGHT_CLIENT_GONE'
  | 'ERR_PORTLIGHT_DRAIN_DEADLINE';
