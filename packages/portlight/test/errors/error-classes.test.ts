import { describe, expect, test } from 'vitest';
import * as portlight from '../../src/index.ts';
import { statusTitle } from '../../src/errors/status-title.ts';

describe('error classes', () => {
  test.each([
    [new portlight.ConfigError('m'), 'ConfigError', 'ERR_PORTLIGHT_CONFIG'],
    [new portlight.ReplyError('m'), 'ReplyError', 'ERR_PORTLIGHT_INVALID_REPLY'],
    [new portlight.AbortedError('m', 'ERR_PORTLIGHT_CLIENT_GONE'), 'AbortError', 'ERR_PORTLIGHT_CLIENT_GONE'],
    [new portlight.ListenError('m', '127.0.0.1', 1), 'ListenError', 'ERR_PORTLIGHT_LISTEN'],
    [new portlight.PortInUseError('127.0.0.1', 1), 'PortInUseError', 'ERR_PORTLIGHT_PORT_IN_USE'],
    [new portlight.PortNotAllowedError('127.0.0.1', 1), 'PortNotAllowedError', 'ERR_PORTLIGHT_PORT_NOT_ALLOWED'],
    [new portlight.AddressNotFoundError('127.0.0.1', 1), 'AddressNotFoundError', 'ERR_PORTLIGHT_ADDRESS_NOT_FOUND'],
    [new portlight.ValidationError([]), 'ValidationError', 'ERR_PORTLIGHT_VALIDATION'],
  ])('%s has a name and a code', (error, name, code) => {
    expect(error).toMatchObject({ name, code });
    expect(error).toBeInstanceOf(portlight.PortlightError);
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain('error-classes.test');
  });

  test('keep what caused them', () => {
    const cause = new Error('why');
    expect(new portlight.ConfigError('m', undefined, cause).cause).toBe(cause);
    expect(new portlight.ReplyError('m', undefined, cause).cause).toBe(cause);
    expect(new portlight.PortInUseError('h', 1, cause).cause).toBe(cause);
  });

  test('say where one could not listen', () => {
    expect(new portlight.PortInUseError('127.0.0.1', 8080)).toMatchObject({
      address: '127.0.0.1',
      port: 8080,
      message: expect.stringMatching(/8080.*127\.0\.0\.1/) as string,
    });
  });
});

describe('statusTitle', () => {
  test.each([
    [404, 'Not Found'],
    [413, 'Content Too Large'],
    [422, 'Unprocessable Content'],
    [499, 'Client Error'],
    [599, 'Server Error'],
  ])('%i is %s', (status, title) => {
    expect(statusTitle(status)).toBe(title);
  });
});
