import type { Random } from './random.ts';

/** A request as it should be, in the pieces that damage is done to. A character is a byte. */
export interface GoodRequest {
  readonly line: string;
  readonly fields: readonly string[];
  readonly body: string;
}

const BODIES = [
  '',
  'a',
  'hello',
  'x=1&y=2',
  '{"a":[1,2]}',
  '0\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n',
  '\r\n\r\n',
  '\0\xff',
] as const;

/** Of all kinds that the server under test has routes for, and some that it has none for. */
export function makeGoodRequest(random: Random): GoodRequest {
  switch (random.below(8)) {
    case 0:
      return plain('GET', '/', 'accept: */*');
    case 1:
      return plain('GET', '/stream', 'user-agent: x');
    case 2:
      return plain(random.pick(['HEAD', 'OPTIONS', 'DELETE', 'TRACE']), random.pick(['/', '/none', '/echo']));
    case 3:
      return plain(
        'GET',
        random.pick(['/items/7?x=%41&y', '/items/caf%C3%A9', 'http://a/items/1', '/items/a%2Fb', '/none/x']),
        'cookie: a=b; c=d',
      );
    case 4:
    case 5:
      return measured(random, '/echo');
    case 6:
      return chunked(random, random.pick(['/echo', '/ignore', '/json']));
    default:
      return measured(random, random.pick(['/ignore', '/json', '/none']));
  }
}

export function toBytes({ line, fields, body }: GoodRequest): string {
  return [line, ...fields, '', body].join('\r\n');
}

function plain(method: string, target: string, ...fields: readonly string[]): GoodRequest {
  return { line: `${method} ${target} HTTP/1.1`, fields: ['host: a', ...fields], body: '' };
}

function measured(random: Random, target: string): GoodRequest {
  const body = random.pick(BODIES);
  const type = random.pick(['text/plain', 'application/json', 'application/x-www-form-urlencoded']);
  const expect = random.chance(10) ? ['expect: 100-continue'] : [];
  return {
    line: `POST ${target} HTTP/1.1`,
    fields: ['host: a', `content-type: ${type}`, `content-length: ${body.length}`, ...expect],
    body,
  };
}

function chunked(random: Random, target: string): GoodRequest {
  const chunks = Array.from({ length: random.below(4) }, () => random.pick(BODIES)).filter((chunk) => chunk !== '');
  const extension = random.chance(20) ? ';a=b' : '';
  const trailer = random.chance(20) ? 'x-t: u\r\n' : '';
  const body = `${chunks.map((chunk) => `${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`).join('')}0\r\n${trailer}\r\n`;
  return { line: `POST ${target} HTTP/1.1`, fields: ['host: a', 'transfer-encoding: chunked'], body };
}
