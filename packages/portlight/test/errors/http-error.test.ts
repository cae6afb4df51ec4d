import { describe, expect, test } from 'vitest';
import * as errors from '../../src/errors/http-error.ts';
import { PortlightError } from '../../src/errors/portlight-error.ts';

const { HttpError, MethodNotAllowedError, toHttpError } = errors;

const NAMED = [
  [errors.BadRequestError, 400, 'Bad Request', 'ERR_PORTLIGHT_BAD_REQUEST'],
  [errors.UnauthorizedError, 401, 'Unauthorized', 'ERR_PORTLIGHT_UNAUTHORIZED'],
  [errors.ForbiddenError, 403, 'Forbidden', 'ERR_PORTLIGHT_FORBIDDEN'],
  [errors.NotFoundError, 404, 'Not Found', 'ERR_PORTLIGHT_NOT_FOUND'],
  [errors.RequestTimeoutError, 408, 'Request Timeout', 'ERR_PORTLIGHT_REQUEST_TIMEOUT'],
  [errors.PayloadTooLargeError, 413, 'Content Too Large', 'ERR_PORTLIGHT_PAYLOAD_TOO_LARGE'],
  [errors.UnsupportedMediaTypeError, 415, 'Unsupported Media Type', 'ERR_PORTLIGHT_UNSUPPORTED_MEDIA_TYPE'],
  [errors.InternalServerError, 500, 'Internal Server Error', 'ERR_PORTLIGHT_INTERNAL'],
  [errors.ServiceUnavailableError, 503, 'Service Unavailable', 'ERR_PORTLIGHT_SERVICE_UNAVAILABLE'],
] as const;

describe('HttpError', () => {
  test('shows the messages of 4xx and hides those of 5xx, unless told otherwise', () => {
    expect(new HttpError(404, 'x').expose).toBe(true);
    expect(new HttpError(500, 'x').expose).toBe(false);
    expect(new HttpError(500, 'x', { expose: true }).expose).toBe(true);
    expect(new HttpError(404, 'x', { expose: false }).expose).toBe(false);
  });

  test('carries headers, cause and a code of its own', () => {
    const cause = new Error('why');
    const error = new HttpError(429, 'Slow down.', { headers: { 'retry-after': '3' }, cause, code: 'MINE' });
    expect(error).toMatchObject({
      status: 429,
      message: 'Slow down.',
      headers: { 'retry-after': '3' },
      code: 'MINE',
      name: 'HttpError',
    });
    expect(error.cause).toBe(cause);
  });

  test('has no cause where none was given', () => {
    expect('cause' in new HttpError(400, 'x')).toBe(false);
  });

  test('has a code for every status', () => {
    expect(new HttpError(418, 'x').code).toBe('ERR_PORTLIGHT_HTTP');
    expect(new HttpError(431, 'x').code).toBe('ERR_PORTLIGHT_HEADERS_TOO_LARGE');
  });

  test.each([399, 600, 200, 0, -1, 404.5, Number.NaN, Number.POSITIVE_INFINITY, '404', undefined, null])(
    'refuses %s as a status',
    (status) => {
      expect(() => new HttpError(status as number, 'x')).toThrow(
        expect.objectContaining({
          code: 'ERR_PORTLIGHT_CONFIG',
          message: expect.stringContaining('400 to 599') as string,
        }),
      );
    },
  );
});

describe('named errors', () => {
  test.each(NAMED)('%o has its status, title and code', (Kind, status, title, code) => {
    const error = new Kind();
    expect(error).toMatchObject({ status, message: title, code, name: Kind.name });
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toBeInstanceOf(PortlightError);
    expect(new Kind('Mine.', { code: 'MINE' })).toMatchObject({ status, message: 'Mine.', code: 'MINE' });
  });

  test('405 names the methods in Allow', () => {
    const error = new MethodNotAllowedError(['GET', 'POST'], undefined, { headers: { 'x-a': 'b' } });
    expect(error).toMatchObject({ status: 405, allow: ['GET', 'POST'], headers: { allow: 'GET, POST', 'x-a': 'b' } });
  });
});

describe('toHttpError', () => {
  test('leaves an HttpError as it is', () => {
    const error = new HttpError(404, 'x');
    expect(toHttpError(error)).toBe(error);
  });

  test('knows an HttpError of another copy of the package by its shape', () => {
    const foreign = Object.assign(new Error('gone'), {
      status: 410,
      expose: true,
      headers: {},
      code: 'ERR_PORTLIGHT_HTTP',
    });
    expect(toHttpError(foreign)).toBe(foreign);
  });

  test.each([
    ['a plain error', new Error('secret')],
    ['an error with only a status', Object.assign(new Error('secret'), { status: 404 })],
    [
      'an error with a status that is none',
      Object.assign(new Error('x'), { status: 200, expose: true, headers: {}, code: 'X' }),
    ],
    ['a look-alike that is no error', { status: 404, expose: true, headers: {}, code: 'X', message: 'secret' }],
    ['a frozen error', Object.freeze(new Error('secret'))],
    ['a string', 'secret'],
    ['undefined', undefined],
    ['null', null],
    ['a symbol', Symbol('secret')],
  ])('wraps %s as a 500 that does not show it', (_what, thrown) => {
    const error = toHttpError(thrown);
    expect(error).toMatchObject({
      status: 500,
      message: 'Internal Server Error',
      expose: false,
      code: 'ERR_PORTLIGHT_INTERNAL',
    });
    expect(error.cause).toBe(thrown);
  });
});
