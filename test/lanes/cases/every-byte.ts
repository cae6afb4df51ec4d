import { get } from '../../../packages/portlight/test/support/raw-client.ts';
import { FIN, type Script } from '../play.ts';
import { table } from './table.ts';

function head(line: string, ...fields: readonly string[]): string {
  return [line, ...fields, '', ''].join('\r\n');
}

/** Where a byte may stand; in its place, or escaped. */
const PLACES: Readonly<Record<string, (byte: string, escaped: string) => string>> = {
  'in a path': (byte) => get(`/items/a${byte}b`),
  'in a query': (byte) => get(`/?a${byte}b`),
  'escaped in a path': (_byte, escaped) => get(`/items/a${escaped}b`),
  'escaped in a query': (_byte, escaped) => get(`/?a=${escaped}b`),
  'before the method': (byte) => head(`${byte}GET / HTTP/1.1`, 'host: a'),
  'after the method': (byte) => head(`GET${byte}/ HTTP/1.1`, 'host: a'),
  'in the method': (byte) => head(`GE${byte} / HTTP/1.1`, 'host: a'),
  'before the version': (byte) => head(`GET /${byte}HTTP/1.1`, 'host: a'),
  'in the version': (byte) => head(`GET / HTTP/1${byte}1`, 'host: a'),
  'as the last digit of the version': (byte) => head(`GET / HTTP/1.${byte}`, 'host: a'),
  'after the version': (byte) => head(`GET / HTTP/1.1${byte}`, 'host: a'),
  'in a name': (byte) => head('GET / HTTP/1.1', 'host: a', `x${byte}y: z`),
  'in the name of Host': (byte) => head('GET / HTTP/1.1', `hos${byte}: a`, 'host: a'),
  'in the name of Content-Length': (byte) => head('GET / HTTP/1.1', 'host: a', `content${byte}length: 0`),
  'before a name': (byte) => head('GET / HTTP/1.1', 'host: a', `${byte}x: z`),
  'before the colon': (byte) => head('GET / HTTP/1.1', 'host: a', `x${byte}: z`),
  'after the colon': (byte) => head('GET / HTTP/1.1', 'host: a', `x:${byte}z`),
  'after the space': (byte) => head('GET / HTTP/1.1', 'host: a', `x: ${byte}z`),
  'in a value': (byte) => head('GET / HTTP/1.1', 'host: a', `x: y${byte}z`),
  'at the end of a value': (byte) => head('GET / HTTP/1.1', 'host: a', `x: y${byte}`),
  'in a host': (byte) => head('GET / HTTP/1.1', `host: a${byte}b`),
  'at the end of a host': (byte) => head('GET / HTTP/1.1', `host: a${byte}`),
  'in a length': (byte) => `${head('POST /read/bytes HTTP/1.1', 'host: a', `content-length: 0${byte}`)}0123456789`,
  'before a length': (byte) => `${head('POST /read/bytes HTTP/1.1', 'host: a', `content-length: ${byte}1`)}x`,
  'in Connection': (byte) => head('GET / HTTP/1.1', 'host: a', `connection: clos${byte}`),
  'after Connection': (byte) => head('GET / HTTP/1.1', 'host: a', `connection: close${byte}`),
  'before CRLF at the end': (byte) => `GET / HTTP/1.1\r\nhost: a\r\n${byte}\r\n`,
  'in place of the last LF': (byte) => `GET / HTTP/1.1\r\nhost: a\r\n\r${byte}`,
  'in a body': (byte) => `${head('POST /read/bytes HTTP/1.1', 'host: a', 'content-length: 1')}${byte}`,
};

/** All 256 bytes in each place. The client closes its side, as some of them leave a request open. */
export const BYTE_TABLES: Readonly<Record<string, Readonly<Record<string, Script>>>> = Object.fromEntries(
  Object.entries(PLACES).map(([place, toBytes]) => [
    place,
    table(
      Array.from({ length: 256 }, (_, code) => code),
      (code) => [
        `the byte ${code} ${place}`,
        { sends: [toBytes(String.fromCharCode(code), `%${code.toString(16).padStart(2, '0')}`), FIN] },
      ],
    ),
  ]),
);
