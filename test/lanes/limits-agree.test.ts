import type { ServerOptions } from 'portlight';
import { describe, expect, test } from 'vitest';
import { get, request } from '../../packages/portlight/test/support/raw-client.ts';
import { register } from './app.ts';
import { play, type Script } from './play.ts';
import { TwoServers } from './two-servers.ts';

interface Limit {
  readonly options: ServerOptions;
  /** A request whose size is so many of what is limited. */
  readonly toScript: (size: number) => Script;
  readonly from: number;
  readonly to: number;
}

/** A head of so many bytes in all, from its first to the last of the empty line. */
function headOf(sizeBytes: number, front = 'GET / HTTP/1.1\r\nhost: a\r\nx: '): string {
  return `${front}${'y'.repeat(Math.max(0, sizeBytes - front.length - 4))}\r\n\r\n`;
}

/** Every size around each limit. */
const LIMITS: Readonly<Record<string, Limit>> = {
  maxHeaderLines: {
    options: { maxHeaderLines: 5 },
    from: 1,
    to: 8,
    toScript: (size) => ({ sends: get('/any', ...Array.from({ length: size - 1 }, (_, index) => `x${index}: y`)) }),
  },
  'maxHeaderLines in chunks': {
    options: { maxHeaderLines: 5 },
    from: 2,
    to: 8,
    toScript: (size) => ({
      sends: `POST /read/text HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(size - 2)}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    }),
  },
  maxUrlBytes: {
    options: { maxUrlBytes: 40 },
    from: 36,
    to: 44,
    toScript: (size) => ({ sends: get(`/tree/${'a'.repeat(size - 6)}`) }),
  },
  'maxUrlBytes with a query': {
    options: { maxUrlBytes: 40 },
    from: 36,
    to: 44,
    toScript: (size) => ({ sends: get(`/?${'a'.repeat(size - 2)}`) }),
  },
  'maxUrlBytes with escapes': {
    options: { maxUrlBytes: 40 },
    from: 11,
    to: 15,
    toScript: (size) => ({ sends: get(`/${'%41'.repeat(size)}`) }),
  },
  'maxUrlBytes of 1': {
    options: { maxUrlBytes: 1 },
    from: 1,
    to: 3,
    toScript: (size) => ({ sends: get(`/${'a'.repeat(size - 1)}`) }),
  },
  'maxHeaderBytes by a value': {
    options: { maxHeaderBytes: 1_024 },
    from: 980,
    to: 1_060,
    toScript: (size) => ({ sends: headOf(size) }),
  },
  'maxHeaderBytes by a target': {
    options: { maxHeaderBytes: 1_024 },
    from: 980,
    to: 1_060,
    toScript: (size) => ({ sends: `GET /tree/${'a'.repeat(size - 43)} HTTP/1.1\r\nhost: a\r\nx: y\r\n\r\n` }),
  },
  'maxHeaderBytes by lines': {
    options: { maxHeaderBytes: 1_024 },
    from: 170,
    to: 230,
    toScript: (size) => ({
      sends: `GET / HTTP/1.1\r\nhost: a\r\n${'x:y\r\n'.repeat(Math.min(size, 90))}z:${'y'.repeat(Math.max(0, size - 90) * 8)}\r\n\r\n`,
    }),
  },
  'maxHeaderBytes before a body': {
    options: { maxHeaderBytes: 1_024 },
    from: 980,
    to: 1_060,
    toScript: (size) => ({
      sends: `${headOf(size, 'POST /read/text HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nx: ')}hello`,
    }),
  },
  'maxHeaderBytes behind another request': {
    options: { maxHeaderBytes: 1_024 },
    from: 980,
    to: 1_060,
    toScript: (size) => ({ sends: get('/') + headOf(size), answers: 2 }),
  },
  maxBodyBytes: {
    options: { maxBodyBytes: 10 },
    from: 8,
    to: 13,
    toScript: (size) => ({ sends: request('POST', '/read/text', [], 'x'.repeat(size)) }),
  },
  'maxBodyBytes, unread': {
    options: { maxBodyBytes: 10 },
    from: 8,
    to: 13,
    toScript: (size) => ({ sends: request('POST', '/any', [], 'x'.repeat(size)) }),
  },
  'maxBodyBytes of nothing': {
    options: { maxBodyBytes: 0 },
    from: 0,
    to: 2,
    toScript: (size) => ({ sends: request('POST', '/read/text', [], 'x'.repeat(size)) }),
  },
  'maxBodyBytes over what is drained': {
    options: { maxBodyBytes: 70_000 },
    from: 69_999,
    to: 70_002,
    toScript: (size) => ({ sends: request('POST', '/read/text', [], 'x'.repeat(size)) + get('/'), answers: 2 }),
  },
  'the lines of a head by default': {
    options: {},
    from: 98,
    to: 102,
    toScript: (size) => ({ sends: get('/', ...Array.from({ length: size - 1 }, () => 'x: y')) }),
  },
  'the target by default': {
    options: {},
    from: 8_190,
    to: 8_194,
    toScript: (size) => ({ sends: get(`/${'a'.repeat(size - 1)}`) }),
  },
  'the head by default': { options: {}, from: 16_340, to: 16_420, toScript: (size) => ({ sends: headOf(size) }) },
};

const STRICT: Readonly<Record<string, Script>> = Object.fromEntries(
  ['/any', '/any/', '/items/7/', '/', '/tree/a/'].map((path) => [path, { sends: get(path) }]),
);

describe('limits', () => {
  test.each(Object.entries(LIMITS))('%s', async (_name, { options, toScript, from, to }) => {
    await using both = await TwoServers.start((server, journal) => register(server, journal, '/none'), options);
    const statuses = new Set<string>();
    for (let size = from; size <= to; size++) {
      const [fast, http] = await Promise.all([play(both.fast, toScript(size)), play(both.http, toScript(size))]);
      expect({ size, ...fast }).toEqual({ size, ...http });
      expect(http.end).not.toBe('silent');
      statuses.add(http.responses.at(-1)?.line ?? '');
    }
    // A limit that no size met would prove nothing.
    expect(statuses.size).toBeGreaterThan(1);
  });

  test.each(Object.entries(STRICT))('strict slashes: %s', async (_path, script) => {
    await using both = await TwoServers.start((server, journal) => register(server, journal, '/none'), {
      strictSlashes: true,
    });
    expect(await play(both.fast, script)).toEqual(await play(both.http, script));
  });
});
