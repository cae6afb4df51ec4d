import { describe, expect, test } from 'vitest';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { LANES } from './lanes.ts';
import { chunked, openApp, post, refusalOf } from './strict-app.ts';

/** Where a message ends must be beyond doubt: else one reader sees one request where another sees two. */
describe.each(LANES)('RFC 9112 on the lane $name', (lane) => {
  describe('§6 a request whose length is in doubt is refused, and what follows it is never a request', () => {
    test.each<[string, readonly string[]]>([
      ['a length before chunks', ['content-length: 5', 'transfer-encoding: chunked']],
      ['a length after chunks', ['transfer-encoding: chunked', 'content-length: 5']],
      ['a length of 0 beside chunks', ['content-length: 0', 'transfer-encoding: chunked']],
      ['both in mixed case', ['Content-LENGTH: 5', 'tRANSFER-eNCODING: Chunked']],
      ['a length beside a coding that is unknown', ['content-length: 5', 'transfer-encoding: gzip']],
      ['xchunked', ['transfer-encoding: xchunked']],
      ['chunkedx', ['transfer-encoding: chunkedx']],
      ['chunked that is not last', ['transfer-encoding: chunked, identity']],
      ['identity, then chunked', ['transfer-encoding: identity, chunked']],
      ['gzip, then chunked', ['transfer-encoding: gzip, chunked']],
      ['chunked twice', ['transfer-encoding: chunked, chunked']],
      ['an empty item before chunked', ['transfer-encoding: ,chunked']],
      ['an empty item after chunked', ['transfer-encoding: chunked,']],
      ['chunked with a parameter', ['transfer-encoding: chunked;a=b']],
      ['chunked in quotes', ['transfer-encoding: "chunked"']],
      ['chunked behind a vertical tab', ['transfer-encoding: \x0bchunked']],
      ['chunked before a NUL', ['transfer-encoding: chunked\0']],
      ['chunked before a form feed', ['transfer-encoding: chunked\x0c']],
      ['an empty coding', ['transfer-encoding:']],
      ['identity', ['transfer-encoding: identity']],
      ['two lines of chunked', ['transfer-encoding: chunked', 'transfer-encoding: chunked']],
      ['a line of chunked and one of identity', ['transfer-encoding: chunked', 'transfer-encoding: identity']],
      ['a line of identity and one of chunked', ['transfer-encoding: identity', 'transfer-encoding: chunked']],
      ['an empty line and one of chunked', ['transfer-encoding:', 'transfer-encoding: chunked']],
      ['a coding folded to the next line', ['transfer-encoding:', ' chunked']],
      ['a blank before the colon of the coding', ['transfer-encoding : chunked']],
    ])('%s', async (_what, lines) => {
      const { statuses, saysClose, seen } = await refusalOf(lane, post(lines, '0\r\n\r\n'));
      expect(statuses).toEqual([expect.stringMatching(/^(?:400|501)$/)]);
      expect({ saysClose, seen }).toEqual({ saysClose: true, seen: [] });
    });

    test.each<[coding: string, status: string]>([
      ['gzip, chunked', '501'],
      ['gzip,chunked', '501'],
      ['gzip;q=1, chunked', '501'],
      ['identity, chunked', '501'],
      ['gzip, deflate, chunked', '501'],
      ['gzip', '400'],
      ['xchunked', '400'],
      ['chunked, gzip', '400'],
      ['chunked, chunked', '400'],
      ['gzip, chunked, chunked', '400'],
      ['gzip, chunked;a=b', '400'],
      [', chunked', '400'],
      ['"gzip", chunked', '400'],
      ['g zip, chunked', '400'],
    ])('§6.1 and §6.3: of the codings %j the answer is %s', async (coding, status) => {
      expect(await refusalOf(lane, post([`transfer-encoding: ${coding}`], '0\r\n\r\n'))).toMatchObject({
        statuses: [status],
        saysClose: true,
        seen: [],
      });
    });

    test('chunks in HTTP/1.0', async () => {
      const bytes =
        'POST /echo HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n';
      expect(await refusalOf(lane, bytes)).toMatchObject({ statuses: ['400'], saysClose: true, seen: [] });
    });

    test.each([
      '+5',
      '-1',
      '-0',
      '0x5',
      '5,5',
      '5, 6',
      '5 5',
      '5;',
      '5.0',
      '1e1',
      '',
      ' ',
      '"5"',
      '5_0',
      '\u0665',
      '5\x0b',
      'five',
      'NaN',
      '9'.repeat(20),
      '18446744073709551621',
    ])('a length of %j', async (length) => {
      const { statuses, saysClose, seen } = await refusalOf(lane, post([`content-length: ${length}`], 'hello'));
      expect({ statuses, saysClose, seen }).toEqual({ statuses: ['400'], saysClose: true, seen: [] });
    });

    test.each<[string, readonly string[]]>([
      ['two that differ', ['content-length: 5', 'content-length: 6']],
      ['two that are equal', ['content-length: 5', 'content-length: 5']],
      [
        'one far from the other',
        ['content-length: 5', ...Array.from({ length: 90 }, (_, index) => `x-${index}: y`), 'content-length: 0'],
      ],
      ['a blank before the colon', ['content-length : 5']],
      ['a tab before the colon', ['content-length\t: 5']],
    ])('lengths: %s', async (_what, lines) => {
      expect(await refusalOf(lane, post(lines, 'hello'))).toMatchObject({
        statuses: ['400'],
        saysClose: true,
        seen: [],
      });
    });
  });

  describe('§6.2 a length that is written in a lawful way is understood', () => {
    test.each(['5', '005', ' \t5', '5  ', '5\t', ' 5 \t ', '\t5\t\t'])('%j', async (length) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      const [echo, next] = await client.send(post([`content-length:${length}`], 'hello') + get('/')).responses(2);
      expect([echo?.body, next?.body]).toEqual(['hello', 'Hello']);
    });
  });

  describe('§7.1 a body of chunks that is damaged is refused, its reader is told, and what follows is never a request', () => {
    test.each<[string, string]>([
      ['a size in 0x', '0x3\r\nabc\r\n0\r\n\r\n'],
      ['a negative size', '-1\r\nabc\r\n0\r\n\r\n'],
      ['a signed size', '+3\r\nabc\r\n0\r\n\r\n'],
      ['a blank before the size', ' 3\r\nabc\r\n0\r\n\r\n'],
      ['a tab before the size', '\t3\r\nabc\r\n0\r\n\r\n'],
      ['an underscore in the size', '3_0\r\nabc\r\n0\r\n\r\n'],
      ['no size', '\r\nabc\r\n0\r\n\r\n'],
      ['an extension without a size', ';a\r\nabc\r\n0\r\n\r\n'],
      ['a size that is no number', 'xyz\r\nabc\r\n0\r\n\r\n'],
      ['a size of 17 digits', '10000000000000003\r\nabc\r\n0\r\n\r\n'],
      ['a size of full-width digits', '\uff13\r\nabc\r\n0\r\n\r\n'],
      ['no line end after the bytes', '3\r\nabc0\r\n\r\n'],
      ['more bytes than the size says', '3\r\nabcd\r\n0\r\n\r\n'],
      ['fewer bytes than the size says', '4\r\nabc\r\n0\r\n\r\n'],
      ['a bare line feed after the size', '3\nabc\r\n0\r\n\r\n'],
      ['a bare line feed after the bytes', '3\r\nabc\n0\r\n\r\n'],
      ['a bare carriage return after the size', '3\rabc\r\n0\r\n\r\n'],
      ['a carriage return and no line feed after the bytes', '3\r\nabc\rX0\r\n\r\n'],
      ['a bare line feed in an extension', '3;a\nb\r\nabc\r\n0\r\n\r\n'],
      ['a bare carriage return in an extension', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
      ['a NUL after the size', '3\0\r\nabc\r\n0\r\n\r\n'],
      ['a bare line feed after the last size', '0\n\r\n'],
      ['a bare line feed at the end', '0\r\n\n'],
      ['a request where trailers should be', '0\r\nGET /smuggled HTTP/1.1\r\n\r\n'],
      ['a folded trailer', '0\r\nx-a: b\r\n c\r\n\r\n'],
      ['a blank before the colon of a trailer', '0\r\nx-a : b\r\n\r\n'],
      ['a bare line feed in a trailer', '0\r\nx-a: b\n\r\n'],
    ])('%s', async (_what, body) => {
      const { statuses, saysClose, seen, bodies } = await refusalOf(lane, chunked(body));
      expect({ statuses, saysClose, seen: seen.filter((each) => each !== 'POST /echo') }).toEqual({
        statuses: ['400'],
        saysClose: true,
        seen: [],
      });
      expect(bodies.filter((each) => !each.endsWith('Error'))).toEqual([]);
    });
  });

  describe('§7.1 chunks that are lawful are understood', () => {
    test.each<[string, string, string]>([
      ['none', '0\r\n\r\n', ''],
      ['several', '3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n', 'abcd'],
      ['a size with zeros in front', '0003\r\nabc\r\n000\r\n\r\n', 'abc'],
      [
        'sizes in both cases',
        `A\r\n${'a'.repeat(10)}\r\na\r\n${'b'.repeat(10)}\r\n0\r\n\r\n`,
        'a'.repeat(10) + 'b'.repeat(10),
      ],
      ['extensions', '3;a=b;c="d e"\r\nabc\r\n0;f\r\n\r\n', 'abc'],
      ['bytes that look like an end', '5\r\n0\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n'],
      [
        'bytes that look like a request',
        `1e\r\nGET /smuggled HTTP/1.1\r\nhost: \r\n0\r\n\r\n`,
        'GET /smuggled HTTP/1.1\r\nhost: ',
      ],
      ['trailers', '3\r\nabc\r\n0\r\nx-a: b\r\nx-c: d\r\n\r\n', 'abc'],
      [
        'trailers that would be more in a head',
        '3\r\nabc\r\n0\r\nhost: evil\r\nauthorization: Basic x\r\n__proto__: y\r\n\r\n',
        'abc',
      ],
    ])('%s', async (_what, body, text) => {
      await using app = await openApp(lane);
      await using client = await RawClient.open(app.port);
      const [echo, next] = await client.send(chunked(body) + get('/')).responses(2);
      expect([echo?.status, echo?.body, next?.body]).toEqual([200, text, 'Hello']);
      expect(app.seen).toEqual(['POST /echo', 'GET /']);
    });

    test.each(['content-length: 99', 'content-length: 0', 'transfer-encoding: gzip', 'connection: upgrade'])(
      'a trailer %j is refused or ignored, and frames nothing',
      async (trailer) => {
        await using app = await openApp(lane);
        await using client = await RawClient.open(app.port);
        client.send(chunked(`3\r\nabc\r\n0\r\n${trailer}\r\n\r\n`) + get('/', 'connection: close'));
        const text = await client.ended();
        expect(['200,200', '400']).toContain((text.match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? []).join());
        expect(app.seen).toEqual(text.includes(' 400 ') ? ['POST /echo'] : ['POST /echo', 'GET /']);
      },
    );

    test.each(['chunked', 'Chunked', 'ChUnKeD', ' \tchunked  ', 'chunked\t', ' chunked \t '])(
      'the coding written %j',
      async (coding) => {
        await using app = await openApp(lane);
        await using client = await RawClient.open(app.port);
        const [echo, next] = await client
          .send(post([`transfer-encoding:${coding}`], '3\r\nabc\r\n0\r\n\r\n') + get('/'))
          .responses(2);
        expect([echo?.body, next?.body]).toEqual(['abc', 'Hello']);
      },
    );
  });
});
