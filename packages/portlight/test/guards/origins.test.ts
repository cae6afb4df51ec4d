import { describe, expect, test } from 'vitest';
import { HttpServer, type ServerOptions } from '../../src/index.ts';
import { openChannel, UpgradeRefusedError } from '../../src/testing/index.ts';
import { portless } from '../support/open-server.ts';

/** Whether a page of an origin may connect to an app. @param fields header fields beside `Origin` */
async function isLetIn(
  server: HttpServer,
  origin: string | undefined,
  fields: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const headers = { host: 'test', ...(origin === undefined ? {} : { origin }), ...fields };
  try {
    await openChannel(server, '/', { headers });
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(UpgradeRefusedError);
    expect((error as UpgradeRefusedError).response.status).toBe(403);
    return false;
  }
}

const open = (origins: readonly string[] | undefined, options: ServerOptions = {}): ReturnType<typeof portless> =>
  portless((app) => app.websocket({ origins }).accept('/', () => 'ok'), options);

/** As a request comes in behind a proxy that speaks TLS with the client. */
const TLS = { 'x-forwarded-proto': 'https' };

describe('a page', () => {
  test.each<[string | undefined, boolean]>([
    [undefined, true],
    ['http://test', true],
    ['HTTP://TEST', true],
    // A proxy speaks TLS with the browser, and nobody said so.
    ['https://test', true],
    ['http://test:80', true],
    ['https://test:443', true],
    ['http://test:443', false],
    ['http://test:81', false],
    ['http://test\\evil', false],
    ['http://test?', false],
    ['http://test.evil.example', false],
    ['http://sub.test', false],
    ['http://test/', false],
    ['http://user@test', false],
    ['ftp://test', false],
    ['ws://test', false],
    ['null', false],
    ['', false],
    ['test', false],
    ['self', false],
    ['//test', false],
    ['http://test, http://evil.example', false],
  ])('of %j is let in by default: %j', async (origin, isIn) => {
    for (const origins of [undefined, ['self']]) expect(await isLetIn(open(origins).server, origin)).toBe(isIn);
  });

  test.each<[string, string, boolean]>([
    ['http://test:8080', 'test:8080', true],
    ['http://test', 'test:80', true],
    ['https://test', 'test:443', true],
    ['http://test', 'test:443', false],
    ['http://[::1]:8080', '[::1]:8080', true],
    ['http://127.0.0.1', '127.0.0.1', true],
  ])('of %s is compared with the host %s: %j', async (origin, host, isIn) => {
    expect(await isLetIn(open(undefined).server, origin, { host })).toBe(isIn);
  });

  test('that came over plain http is not of the own host where the request came over TLS', async () => {
    const { server } = open(undefined, { trustProxy: ['127.0.0.1'] });
    expect(await isLetIn(server, 'https://test', TLS)).toBe(true);
    expect(await isLetIn(server, 'http://test', TLS)).toBe(false);
    expect(await isLetIn(server, 'http://test')).toBe(true);
    expect(await isLetIn(server, 'https://app.example', { ...TLS, 'x-forwarded-host': 'app.example' })).toBe(true);
    // What nobody vouches for changes nothing.
    expect(await isLetIn(open(undefined).server, 'http://test', TLS)).toBe(true);
  });

  test('of a list is let in, and the own pages only where it has self', async () => {
    const apps = ['https://app.example', 'capacitor://localhost', 'http://localhost:5173'];
    const { server } = open(apps);
    for (const origin of [...apps, 'https://APP.example', undefined]) expect(await isLetIn(server, origin)).toBe(true);
    for (const origin of [
      'http://test',
      'https://test',
      'http://app.example',
      'https://app.example:8443',
      'null',
      'self',
    ])
      expect(await isLetIn(server, origin)).toBe(false);
    const both = open(['self', 'https://app.example']).server;
    for (const origin of ['http://test', 'https://app.example']) expect(await isLetIn(both, origin)).toBe(true);
    expect(await isLetIn(both, 'https://evil.example')).toBe(false);
    const none = open([]).server;
    expect([await isLetIn(none, 'http://test'), await isLetIn(none, undefined)]).toEqual([false, true]);
  });
});

describe('a refused origin', () => {
  test('is warned of once for each', async () => {
    const { server, log } = open(undefined);
    for (const origin of ['https://evil.example', 'null', 'https://evil.example', 'https://EVIL.example'])
      await isLetIn(server, origin);
    expect(log.at('warn').map(({ fields }) => fields['origin'])).toEqual(['https://evil.example', 'null']);
    expect(log.at('warn')[0]?.message).toContain('websocket.origins');
  });

  test('is warned of a hundred times at most, however many are made up and however long they are', async () => {
    const { server, log } = open(undefined);
    for (let index = 0; index < 150; index++) await isLetIn(server, `https://${index}.${'x'.repeat(1_000)}.example`);
    expect(log.at('warn')).toHaveLength(100);
    expect(String(log.at('warn')[0]?.fields['origin'])).toHaveLength(256);
  });
});

test.each([
  'self',
  [7],
  [null],
  [''],
  ['*'],
  ['Self'],
  ['null'],
  ['app.example'],
  ['https://app.example/'],
  ['https://app.example/path'],
  ['HTTPS://app.example'],
  ['https://App.example'],
  ['https://app.example:443'],
  ['https://*.example'],
  ['wss://app.example'],
  ['ws://app.example'],
  ['file://'],
  ['https://user@app.example'],
  ['https://a.example,https://b.example'],
])('origins: %j is refused where it is given', (origins) => {
  const refusal = expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }) as Error;
  expect(() => new HttpServer().websocket({ origins: origins as never })).toThrow(refusal);
  expect(() => new HttpServer('127.0.0.1', 0, { websocket: { origins: origins as never } })).toThrow(refusal);
});
