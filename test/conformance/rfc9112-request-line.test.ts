import { describe, expect, test } from 'vitest';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { LANES } from './lanes.ts';
import { head, openApp, refusalOf } from './strict-app.ts';

describe.each(LANES)('RFC 9112 on the lane $name', (lane) => {
  describe('§3 a request line that is no request line', () => {
    test.each<[string, string]>([
      ['no target', 'GET HTTP/1.1'],
      ['nothing between two blanks', 'GET  HTTP/1.1'],
      ['no method', '/ HTTP/1.1'],
      ['a blank in front', ' GET / HTTP/1.1'],
      ['a tab in front', '\tGET / HTTP/1.1'],
      ['a blank at the end', 'GET / HTTP/1.1 '],
      ['a tab before the target', 'GET\t/ HTTP/1.1'],
      ['a tab before the version', 'GET /\tHTTP/1.1'],
      ['a form feed before the version', 'GET /\x0cHTTP/1.1'],
      ['a vertical tab before the target', 'GET\x0b/ HTTP/1.1'],
      ['a carriage return in the target', 'GET /\ra HTTP/1.1'],
      ['a blank in the target', 'GET /a b HTTP/1.1'],
      ['a NUL in the target', 'GET /\0 HTTP/1.1'],
      ['a bell in the target', 'GET /\x07 HTTP/1.1'],
      ['a DEL in the target', 'GET /\x7f HTTP/1.1'],
      ['bytes above 127 in the target', 'GET /\xc3\xa9 HTTP/1.1'],
      ['bytes above 127 in the query', 'GET /?\xc3\xa9 HTTP/1.1'],
      ['a quote around the method', '"GET" / HTTP/1.1'],
      ['a NUL in the method', 'GE\0T / HTTP/1.1'],
      ['a colon after the method', 'GET: / HTTP/1.1'],
      ['a response line', 'HTTP/1.1 200 OK'],
    ])('%s', async (_what, line) => {
      expect(await refusalOf(lane, head(line, 'host: a'))).toMatchObject({
        statuses: ['400'],
        saysClose: true,
        seen: [],
      });
    });
  });

  describe('§2.3 another version', () => {
    test.each([
      'HTTP/2.0',
      'HTTP/0.9',
      'HTTP/3.0',
      'HTTP/9.9',
      'HTTP/2',
      'HTTP/1',
      'HTTP/1.',
      'HTTP/.1',
      'HTTP/1.10',
      'HTTP/01.1',
      'HTTP/1.01',
      'HTTP/1,1',
      'HTTP/ 1.1',
      'HTTP 1.1',
      'http/1.1',
      'Http/1.1',
      'HTTPS/1.1',
      'HTP/1.1',
      'ICE/1.0',
      'HTTP/1.1.1',
      'HTTP/1.1a',
      'HTTP/-1.1',
      'HTTP/+1.1',
      'HTTP/\u0661.1',
    ])('%s', async (version) => {
      const { statuses, saysClose, seen } = await refusalOf(lane, head(`GET / ${version}`, 'host: a'));
      expect(statuses).toEqual([expect.stringMatching(/^(?:400|505)$/)]);
      expect({ saysClose, seen }).toEqual({ saysClose: true, seen: [] });
    });

    test.each<[string, string]>([
      ['HTTP/2.0', '505'],
      ['HTTP/2.1', '505'],
      ['HTTP/3.0', '505'],
      ['HTTP/9.9', '505'],
      ['HTTP/0.9', '505'],
      ['HTTP/1.10', '400'],
      ['HTTP/01.1', '400'],
      ['HTTP/11.1', '400'],
      ['http/1.1', '400'],
      ['HTTP/1', '400'],
      ['HTTP/2', '400'],
      ['ICE/1.0', '400'],
    ])('%s is %s', async (version, status) => {
      expect(await refusalOf(lane, head(`GET / ${version}`, 'host: a'))).toMatchObject({
        statuses: [status],
        saysClose: true,
        seen: [],
      });
    });

    test.each([['GET /', 'host: a'], ['GET /']])('none is 400: %s', async (...lines) => {
      expect(await refusalOf(lane, head(...lines))).toMatchObject({ statuses: ['400'], saysClose: true, seen: [] });
    });

    test.each(['HTTP/1.2', 'HTTP/1.9'])('§2.5 of RFC 9110: %s is served as 1.1', async (version) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      const post = `POST /echo ${version}\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n8\r\nHTTP/1.2\r\n0\r\n\r\n`;
      const [first, next] = await client.send(head(`GET / ${version}`, 'host: a') + post).responses(2);
      expect([first?.body, next?.body, app.seen]).toEqual(['Hello', 'HTTP/1.2', ['GET /', 'POST /echo']]);
    });

    test('HTTP/1.2 needs a Host', async () => {
      expect(await refusalOf(lane, head('GET / HTTP/1.2'))).toMatchObject({ statuses: ['400'], seen: [] });
    });

    test('HTTP/1.2 in a body is left alone, wherever packets end', async () => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      const body = 'GET / HTTP/1.2\r\ncontent-length: 1\t\r\n\r\n';
      const [echo, next] = await client
        .send(`POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n`)
        .send(body)
        .send(get('/'))
        .responses(2);
      expect([echo?.body, next?.body]).toEqual([body, 'Hello']);
    });

    test('the preface of HTTP/2', async () => {
      const { statuses, seen } = await refusalOf(lane, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
      expect({ statuses, seen }).toEqual({ statuses: [expect.stringMatching(/^(?:400|505)$/)], seen: [] });
    });
  });

  describe('§3 and §9.1 of RFC 9110: a method that is a token and not known here is 501', () => {
    test.each(['FOO', 'get', 'Get', 'GETT', 'G', 'DESCRIBE', "!#$%&'*+-.^_`|~09", 'A'.repeat(300)])(
      '%s',
      async (method) => {
        expect(await refusalOf(lane, head(`${method} / HTTP/1.1`, 'host: a'))).toMatchObject({
          statuses: ['501'],
          saysClose: true,
          seen: [],
        });
      },
    );

    test('behind another request', async () => {
      expect(await refusalOf(lane, get('/') + head('FOO / HTTP/1.1', 'host: a'))).toMatchObject({
        statuses: ['200', '501'],
        seen: ['GET /'],
      });
    });

    test.each(['"GET"', 'GET:', 'G(T', 'G/T', 'G\x00T', 'G\xe9T'])('%j is no token, and 400', async (method) => {
      expect(await refusalOf(lane, head(`${method} / HTTP/1.1`, 'host: a'))).toMatchObject({
        statuses: ['400'],
        saysClose: true,
        seen: [],
      });
    });
  });

  test.each(['GET  / HTTP/1.1', 'GET /  HTTP/1.1'])(
    '§3 runs of blanks may be taken for one, and change nothing else: %j',
    async (line) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      const text = await client.send(head(line, 'host: a', 'connection: close')).ended();
      expect([`HTTP/1.1 200 ${app.seen.join()}`, 'HTTP/1.1 400 ']).toContain(`${text.slice(0, 13)}${app.seen.join()}`);
      expect(app.seen.filter((each) => each !== 'GET /')).toEqual([]);
    },
  );

  describe('§2.2 empty lines', () => {
    test.each([1, 2, 10])('%i in front of a request are skipped', async (count) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      expect(await client.send('\r\n'.repeat(count) + get('/')).response()).toMatchObject({ status: 200 });
    });

    test('one after a body is skipped', async () => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      const [first, next] = await client
        .send(`POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi\r\n${get('/')}`)
        .responses(2);
      expect([first?.body, next?.body]).toEqual(['hi', 'Hello']);
    });
  });

  describe('§3.2 the forms of a target', () => {
    test.each([
      'a',
      'a/b',
      '',
      '?a',
      'ftp://a/',
      'http:/',
      'http:///',
      'http:a',
      'http://',
      'http:// a/',
      'http://u@a/',
      'http://a,b/',
      'http://[::/',
      'http://a:b/',
      '//a/',
      '/\\a',
      '\\',
      '**',
      '*/',
      '*?a',
      'a:443',
      'javascript:alert(1)',
      '/a#b',
      'http://a#b',
    ])('%j is none of them', async (target) => {
      const { statuses, seen } = await refusalOf(lane, head(`GET ${target} HTTP/1.1`, 'host: a', 'connection: close'));
      expect({ statuses, seen }).toEqual({ statuses: ['400'], seen: [] });
    });

    test.each(['GET', 'HEAD', 'POST', 'DELETE'])('an asterisk is not for %s', async (method) => {
      const { statuses, seen } = await refusalOf(lane, head(`${method} * HTTP/1.1`, 'host: a', 'connection: close'));
      expect({ statuses, seen }).toEqual({ statuses: ['400'], seen: [] });
    });

    test('an asterisk is for OPTIONS', async () => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      const response = await client.send(head('OPTIONS * HTTP/1.1', 'host: a')).response();
      expect(response).toMatchObject({ status: 204 });
      expect(response.headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(['GET', 'OPTIONS', 'POST']));
    });

    test.each([
      'http://a/',
      'http://a',
      'HTTP://A/',
      'https://a/',
      'http://other/',
      'http://a:80/',
      'http://[::1]/',
      'http://a?b',
    ])('the absolute form %s is served', async (target) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      expect(await client.send(head(`GET ${target} HTTP/1.1`, 'host: a')).response()).toMatchObject({
        status: 200,
        body: 'Hello',
      });
      expect(app.seen).toEqual(['GET /']);
    });

    test('the absolute form needs a Host all the same', async () => {
      expect(await refusalOf(lane, head('GET http://a/ HTTP/1.1'))).toMatchObject({ statuses: ['400'], seen: [] });
    });

    test.each(['a:443', 'a', '/', 'http://a/'])(
      'CONNECT %s has an answer, and then the connection ends',
      async (target) => {
        const { statuses, saysClose, seen } = await refusalOf(lane, head(`CONNECT ${target} HTTP/1.1`, 'host: a'));
        expect(statuses).toEqual([expect.stringMatching(/^(?:400|405|501)$/)]);
        expect({ saysClose, seen }).toEqual({ saysClose: true, seen: [] });
      },
    );
  });

  describe('§3 the length of a target', () => {
    test.each<[string, string, number]>([
      ['4 KB', `/${'a'.repeat(4_000)}`, 404],
      ['8 KiB', `/${'a'.repeat(8_191)}`, 404],
      ['8 KiB and a byte', `/${'a'.repeat(8_192)}`, 414],
      ['15 KB', `/${'a'.repeat(15_000)}`, 414],
      ['15 KB of query', `/?${'a'.repeat(15_000)}`, 414],
      ['17 KB', `/${'a'.repeat(17_000)}`, 431],
    ])('%s', async (_what, target, status) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      expect((await client.send(get(target)).response()).status).toBe(status);
    });
  });
});
