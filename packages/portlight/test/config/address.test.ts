import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { parseAddress } from '../../src/config/address.ts';

const configError = expect.objectContaining({
  name: 'ConfigError',
  code: expect.stringMatching(/^ERR_PORTLIGHT_/) as string,
});

describe('the address of a server', () => {
  test('is 127.0.0.1:8080 unless it is given', () => {
    expect(parseAddress()).toMatchObject({ address: '127.0.0.1', port: 8080 });
    expect(new HttpServer().getAddress()).toEqual({ address: '127.0.0.1', port: 8080 });
  });

  test.each<[string, number | undefined, string, number]>([
    ['0.0.0.0', 80, '0.0.0.0', 80],
    ['::', 0, '::', 0],
    ['[::1]', 80, '::1', 80],
    ['localhost', 65_535, 'localhost', 65_535],
    ['my-host.example', 1, 'my-host.example', 1],
    ['tcp://127.0.0.1:9000', undefined, '127.0.0.1', 9000],
    ['tcp://127.0.0.1:9000', 80, '127.0.0.1', 9000],
    ['tcp://127.0.0.1', 80, '127.0.0.1', 80],
    ['tcp://[::1]:9000', undefined, '::1', 9000],
    ['tcp://localhost:0', undefined, 'localhost', 0],
  ])('may be %s with port %s', (address, port, host, bound) => {
    expect(new HttpServer(address, port).getAddress()).toEqual({ address: host, port: bound });
  });

  test.each<[string, unknown]>([
    ['empty', ''],
    ['with a port of its own', '127.0.0.1:80'],
    ['with a blank', 'local host'],
    ['with a shell command', 'localhost; rm -rf /'],
    ['with an underscore', 'a_b'],
    ['of http', 'http://localhost'],
    ['with a path', 'tcp://localhost:80/x'],
    ['with a label too long', `${'a'.repeat(64)}.example`],
    ['that ends in a hyphen', 'a-'],
    ['null', null],
    ['a number', 8080],
    ['an object', {}],
  ])('is refused when it is %s', (_what, address) => {
    expect(() => new HttpServer(address as string, 80)).toThrow(configError);
  });

  test.each([-1, 65_536, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '80', '80; rm -rf /', null, true, []])(
    'is refused with the port %s',
    (port) => {
      expect(() => new HttpServer('127.0.0.1', port as number)).toThrow(configError);
      expect(() => new HttpServer('127.0.0.1', port as number)).toThrow(/A port is a whole number from 0 to 65535/);
    },
  );

  test('is refused when the port in its URL is too high', () => {
    expect(() => new HttpServer('tcp://localhost:70000')).toThrow(configError);
  });
});
