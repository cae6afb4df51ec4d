import { describe, expect, test } from 'vitest';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { LANES } from './lanes.ts';
import { head, openApp, refusalOf } from './strict-app.ts';

describe.each(LANES)('RFC 9112 on the lane $name', (lane) => {
  describe('§2.2, §5 lines that another reader could cut differently are refused', () => {
    test.each<[string, string]>([
      ['bare line feeds', 'GET / HTTP/1.1\nhost: a\n\n'],
      ['a bare line feed after the request line', 'GET / HTTP/1.1\nhost: a\r\n\r\n'],
      ['a bare line feed after a field', 'GET / HTTP/1.1\r\nhost: a\nx: y\r\n\r\n'],
      ['a bare line feed at the end', 'GET / HTTP/1.1\r\nhost: a\r\n\n'],
      ['bare carriage returns', 'GET / HTTP/1.1\rhost: a\r\r'],
      ['a bare carriage return after a field', 'GET / HTTP/1.1\r\nhost: a\rx: y\r\n\r\n'],
      ['a bare carriage return in a value', 'GET / HTTP/1.1\r\nhost: a\r\nx: y\rz\r\n\r\n'],
      ['another byte for the last line feed', 'GET / HTTP/1.1\r\nhost: a\r\n\rX'],
      ['two carriage returns', 'GET / HTTP/1.1\r\nhost: a\r\r\n\r\n'],
      ['a folded field', 'GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n'],
      ['a field folded by a tab', 'GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n\tz\r\n\r\n'],
      ['a first field that begins with a blank', 'GET / HTTP/1.1\r\n host: a\r\n\r\n'],
      ['a first field that begins with a tab', 'GET / HTTP/1.1\r\n\thost: a\r\n\r\n'],
      ['a line that is only a blank', 'GET / HTTP/1.1\r\nhost: a\r\n \r\n\r\n'],
      ['a blank before a colon', 'GET / HTTP/1.1\r\nhost : a\r\n\r\n'],
      ['a tab before a colon', 'GET / HTTP/1.1\r\nhost: a\r\nx\t: y\r\n\r\n'],
      ['no colon', 'GET / HTTP/1.1\r\nhost: a\r\nx\r\n\r\n'],
      ['no name', 'GET / HTTP/1.1\r\nhost: a\r\n: y\r\n\r\n'],
      ['a blank in a name', 'GET / HTTP/1.1\r\nhost: a\r\nx y: z\r\n\r\n'],
    ])('%s', async (_what, bytes) => {
      expect(await refusalOf(lane, bytes)).toMatchObject({ statuses: ['400'], saysClose: true, seen: [] });
    });

    test.each([
      '(',
      ')',
      '<',
      '>',
      '@',
      ',',
      ';',
      '\\',
      '"',
      '/',
      '[',
      ']',
      '?',
      '=',
      '{',
      '}',
      '\x01',
      '\x7f',
      '\xe9',
      '\0',
    ])('%j in a name', async (char) => {
      expect(await refusalOf(lane, head('GET / HTTP/1.1', 'host: a', `x${char}y: z`))).toMatchObject({
        statuses: ['400'],
        saysClose: true,
        seen: [],
      });
    });

    test.each(['\0', '\x01', '\x07', '\x08', '\x0b', '\x0c', '\x1b', '\x7f'])('%j in a value', async (char) => {
      expect(await refusalOf(lane, head('GET / HTTP/1.1', 'host: a', `x: y${char}z`))).toMatchObject({
        statuses: ['400'],
        saysClose: true,
        seen: [],
      });
    });
  });

  describe('§5.1 lines that are lawful are understood', () => {
    test.each<[string, string, string]>([
      ['no blank after the colon', 'x:y', 'y'],
      ['blanks and a tab around the value', 'x: \t y  ', 'y'],
      ['a tab inside a value', 'x: y\tz', 'y\tz'],
      ['an empty value', 'x:', ''],
      ['a name in upper case', 'X: y', 'y'],
      ['bytes above 127 in a value', 'x: \xe9', '\xe9'],
      ['every other char of a token in a name', "!#$%&'*+-.^_`|~09: z\r\nx: y", 'y'],
      ['a value with colons', 'x: y:z:', 'y:z:'],
      ['a repeated field', 'x: y\r\nX: z', 'y, z'],
    ])('%s', async (_what, line, value) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      const [first, next] = await client.send(get('/head', line) + get('/')).responses(2);
      expect(JSON.parse(Buffer.from(first?.body ?? '', 'latin1').toString())).toMatchObject({ x: value });
      expect(next?.body).toBe('Hello');
    });
  });

  describe('§3.2 exactly one Host, which holds a host', () => {
    test.each<[string, readonly string[]]>([
      ['none', []],
      ['two that are equal', ['host: a', 'host: a']],
      ['two that differ', ['host: a', 'host: b']],
      ['two in different case', ['host: a', 'HOST: b']],
      ['an empty one', ['host:']],
      ['a blank inside', ['host: a b']],
      ['a path', ['host: a/b']],
      ['a query', ['host: a?b']],
      ['a path and a query', ['host: a/b?']],
      ['a fragment', ['host: a#b']],
      ['userinfo', ['host: u@h']],
      ['userinfo with a colon', ['host: evil:x@good']],
      ['a comma', ['host: a,b']],
      ['a scheme', ['host: http://a']],
      ['half an address of version 6', ['host: [::']],
      ['an address of version 6 without brackets', ['host: ::1']],
      ['more after the bracket', ['host: [::1]a']],
      ['a port that is no number', ['host: a:b']],
      ['a port of six digits', ['host: a:100000']],
      ['two ports', ['host: a:1:2']],
      ['no name before the port', ['host: :80']],
      ['a backslash', ['host: a\\b']],
      ['a quote', ['host: "a"']],
      ['half an escape', ['host: a%2']],
      ['bytes above 127', ['host: \xe9']],
      ['300 bytes', [`host: ${'a'.repeat(300)}`]],
    ])('%s', async (_what, lines) => {
      expect(await refusalOf(lane, head('GET / HTTP/1.1', ...lines))).toMatchObject({
        statuses: ['400'],
        saysClose: true,
        seen: [],
      });
    });

    test.each([
      'a',
      'A.example',
      'a:80',
      'a:',
      '127.0.0.1:8080',
      '[::1]',
      '[::1]:80',
      'a_b',
      'xn--bcher-kva.example',
      "!$&'()*+;=~",
      'a.',
    ])('%j is one', async (host) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      expect(await client.send(head('GET / HTTP/1.1', `host: ${host}`)).response()).toMatchObject({ status: 200 });
    });

    test('HTTP/1.0 needs none, but two are too many', async () => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      expect(await client.send('GET / HTTP/1.0\r\n\r\n').response()).toMatchObject({ status: 200 });
      expect(await refusalOf(lane, 'GET / HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n')).toMatchObject({
        statuses: ['400'],
        seen: [],
      });
    });
  });

  describe('§5.4 of RFC 9110: a head over the limits', () => {
    test.each<[string, string, string]>([
      ['101 lines', head('GET / HTTP/1.1', 'host: a', ...repeated(100)), '431'],
      ['500 lines', head('GET / HTTP/1.1', 'host: a', ...repeated(499)), '431'],
      ['2,100 lines', head('GET / HTTP/1.1', 'host: a', ...repeated(2_099)), '431'],
      ['a line of 17 KB', head('GET / HTTP/1.1', 'host: a', `x: ${'y'.repeat(17_000)}`), '431'],
      [
        '17 KB in lines of 1 KB',
        head('GET / HTTP/1.1', 'host: a', ...Array.from({ length: 17 }, () => `x: ${'y'.repeat(1_020)}`)),
        '431',
      ],
      ['a name of 17 KB', head('GET / HTTP/1.1', 'host: a', `${'x'.repeat(17_000)}: y`), '431'],
    ])('%s', async (_what, bytes, status) => {
      expect(await refusalOf(lane, bytes)).toMatchObject({ statuses: [status], saysClose: true, seen: [] });
    });

    test.each<[string, readonly string[]]>([
      ['100 lines', repeated(99)],
      ['a line of 15 KB', [`x-long: ${'y'.repeat(15_000)}`]],
    ])('%s are within them', async (_what, lines) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      expect(await client.send(head('GET /head HTTP/1.1', 'host: a', ...lines)).response()).toMatchObject({
        status: 200,
      });
    });
  });
});

function repeated(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `h${index}:`);
}
