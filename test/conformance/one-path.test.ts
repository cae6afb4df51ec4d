import fc from 'fast-check';
import type { HttpRequest, HttpServer } from 'portlight';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalPath, decodeCapture } from '../../packages/portlight/src/request/target.ts';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { LANES } from './lanes.ts';

/** What a handler was told of the target of its request. */
interface Views {
  readonly path: string;
  readonly pathname: string;
  readonly search: string;
  readonly query: Record<string, string | string[]>;
  /** Name and value, in their order, as `url.searchParams` has them. */
  readonly searchParams: readonly (readonly [string, string])[];
  readonly route: 'admin' | 'any';
  readonly rest: readonly string[];
  /** Whether a middleware with the pattern of the first route, and one with an expression, were passed. */
  readonly pattern: boolean;
  readonly expression: boolean;
}

const app = (server: HttpServer): unknown =>
  server
    .use('/admin/*rest', (request, next) => {
      request.state['pattern'] = true;
      return next();
    })
    .use(/\/admin\/.+/, (request, next) => {
      request.state['expression'] = true;
      return next();
    })
    .all('/admin/*rest', (request) => viewsOf('admin', request.params.rest, request))
    .all('/*rest', (request) => viewsOf('any', request.params.rest, request));

function viewsOf(route: Views['route'], rest: readonly string[], { path, url, query, state }: HttpRequest): Views {
  const { pathname, search, searchParams } = url;
  return {
    path,
    pathname,
    search,
    query: query as Views['query'],
    searchParams: [...searchParams],
    route,
    rest,
    pattern: state['pattern'] === true,
    expression: state['expression'] === true,
  };
}

const escaped = fc.tuple(fc.nat(0xff), fc.boolean()).map(([code, isUpper]) => {
  const digits = code.toString(16).padStart(2, '0');
  return `%${isUpper ? digits.toUpperCase() : digits}`;
});
/** Pieces that URL parsers, routers and file systems have read differently. */
const telling = fc.constantFrom(
  '/',
  '//',
  '.',
  '..',
  '\\',
  '%5c',
  '%5C',
  '%2f',
  '%2F',
  '%25',
  '%252f',
  '%2e',
  '%252e',
  '%3f',
  '%23',
  '%09',
  '%0a',
  '%0D',
  '%20',
  '%00',
  '%7f',
  '%C2%85',
  '%E2%80%A8',
  '%ef%bb%bf',
  '%ed%a0%80',
  ';',
  ':',
  '@',
  '*',
  '|',
  '[',
  ']',
  '^',
  '"',
  '<',
  '`',
  '{',
  '+',
  '&',
  '=',
  'admin',
  'public',
);
/** `+`, `&` and `=` have their meaning in a query alone. */
const target = fc
  .record({
    before: fc.constantFrom('/', '/admin/', '/admin/..%09/public/', '/public/..%0a/', 'http://a/', 'http://a', '*', ''),
    path: fc.array(fc.oneof(telling, escaped, fc.string({ unit: 'grapheme', maxLength: 2 }).map(encodeURIComponent)), {
      maxLength: 8,
    }),
    query: fc.option(fc.array(fc.oneof(telling, escaped), { maxLength: 6 }), { nil: undefined }),
    length: fc.constantFrom(0, 0, 0, 0, 6_000),
  })
  .map(
    ({ before, path, query, length }) =>
      `${before}${path.join('')}${'a'.repeat(length)}${query === undefined ? '' : `?${query.join('')}`}`,
  );

function assertOneTarget({
  path,
  pathname,
  search,
  query,
  searchParams,
  route,
  rest,
  pattern,
  expression,
}: Views): void {
  expect(canonicalPath(pathname)).toBe(path);
  expect(pathname.startsWith('/public/')).toBe(path.startsWith('/public/'));
  const behind = route === 'admin' ? path.slice('/admin/'.length) : path.slice(1);
  expect(rest).toEqual(
    behind
      .replace(/(?<=.)\/$/s, '')
      .split('/')
      .map(decodeCapture),
  );
  expect([pattern, expression]).toEqual([route === 'admin', path.startsWith('/admin/') && path !== '/admin/']);
  const pairs = Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  expect(pairs).toHaveLength(searchParams.length);
  expect(pairs).toEqual(expect.arrayContaining([...searchParams]));
  expect([...new URLSearchParams(search)]).toEqual(searchParams);
}

describe.each(LANES)('every view of a target comes from one parse, on the lane $name', ({ options }) => {
  let open: OpenServer;
  beforeAll(async () => {
    open = await openServer(app, options);
  });
  afterAll(() => open[Symbol.asyncDispose]());

  test('or the target is refused with 400', async () => {
    let served = 0;
    await fc.assert(
      fc.asyncProperty(target, async (text) => {
        await using client = await RawClient.open(open.port);
        const { status, body } = await client.send(get(text, 'connection: close')).response();
        expect([200, 400, 404]).toContain(status);
        served += status === 200 ? 1 : 0;
        if (status === 200) assertOneTarget(JSON.parse(Buffer.from(body, 'latin1').toString()) as Views);
      }),
      { numRuns: 500 },
    );
    expect(served).toBeGreaterThan(20);
    expect(open.log.at('error')).toEqual([]);
  });
});

test('every view of a target comes from one parse, without a port', async () => {
  await using open = await openServer(app);
  const anything = fc
    .tuple(
      target,
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom('', '\t', '\n', ' ', '\ud800', '\udc00a', '\u00e9'),
    )
    .map(([text, more, last]) => text + more + last);
  await fc.assert(
    fc.asyncProperty(anything, async (text) => {
      const response = await open.server.fetch(text.startsWith('/') ? text : `/${text}`);
      expect([200, 400, 404]).toContain(response.status);
      if (response.status === 200) assertOneTarget((await response.json()) as Views);
    }),
    { numRuns: 500 },
  );
  expect(open.log.at('error')).toEqual([]);
});
