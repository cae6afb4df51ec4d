import { writeFile } from 'node:fs/promises';
import { ConfigError } from 'portlight';
import { describe, expect, test } from 'vitest';
import { hasOpenssl, makeCertificate } from '../../portlight/test/support/make-certificate.ts';
import { TempFolder } from '../../portlight/test/support/temp-folder.ts';
import { redis, type RedisOptions } from '../src/index.ts';
import { freePort, HAS_REDIS, RedisServer } from './support/redis-server.ts';

/** Whether a value that one machine sets is there for another. */
async function shares(urls: readonly (string | readonly string[])[], options: RedisOptions = {}): Promise<boolean> {
  const [one, other] = urls.map((url) => redis(url, options));
  if (one === undefined || other === undefined) throw new Error('Two machines share something.');
  try {
    await one.open();
    await other.open();
    await one.values.set('key', 'value', 10_000);
    return (await other.values.get('key')) === 'value';
  } finally {
    await one.close();
    await other.close();
  }
}

describe.runIf(HAS_REDIS)('the address of a Redis', () => {
  test('has a database, whose values others do not see', async () => {
    await using server = await RedisServer.start();
    expect(await shares([`${server.url}/3`, `${server.url}/3`])).toBe(true);
    expect(await shares([`${server.url}/3`, `${server.url}/4`])).toBe(false);
  });

  test('is that of a unix socket', async () => {
    await using folder = await TempFolder.create();
    await using server = await RedisServer.start('--unixsocket', folder.at('redis.sock'));
    expect(await shares([`unix://${folder.at('redis.sock')}`, server.url])).toBe(true);
  });

  test('has a user and a password, which stand there percent-encoded', async () => {
    await using server = await RedisServer.start();
    await server.ask('ACL SETUSER ada on >p@ss:w%rd ~* &* +@all');
    const url = `redis://ada:${encodeURIComponent('p@ss:w%rd')}@127.0.0.1:${server.port}`;
    expect(await shares([url, url])).toBe(true);
  });

  test('is one of several, of which the one counts that takes writes', async () => {
    await using server = await RedisServer.start();
    await using replica = await RedisServer.start('--replicaof', '127.0.0.1', String(server.port));
    const nobody = `redis://127.0.0.1:${await freePort()}`;
    expect(await shares([[nobody, replica.url, server.url], server.url])).toBe(true);
  });

  test.runIf(hasOpenssl())('is that of a server behind TLS, whose certificate has to be known', async () => {
    const { key, cert } = await makeCertificate('localhost');
    await using folder = await TempFolder.create();
    await writeFile(folder.at('key.pem'), key);
    await writeFile(folder.at('cert.pem'), cert);
    const port = await freePort();
    const files = ['--tls-cert-file', folder.at('cert.pem'), '--tls-key-file', folder.at('key.pem')];
    await using _server = await RedisServer.start('--tls-port', String(port), ...files, '--tls-auth-clients', 'no');
    const url = `rediss://localhost:${port}`;
    expect(await shares([url, url], { tls: { ca: cert } })).toBe(true);
    const stranger = redis(url);
    await expect(stranger.open()).rejects.toMatchObject({
      code: 'ERR_PORTLIGHT_BACKPLANE_UNREACHABLE',
      message: expect.stringMatching(/localhost:\d+: self-signed certificate/i) as unknown,
    });
  });
});

describe('what is wrong throws at the call', () => {
  test.each([
    [undefined],
    [''],
    [[]],
    ['127.0.0.1:6379'],
    ['localhost'],
    ['http://127.0.0.1'],
    ['redis://'],
    ['redis://127.0.0.1:0'],
    ['rediss://127.0.0.1:00/1'],
    ['redis://127.0.0.1/zero'],
    ['redis://ada:s3cret%zz@127.0.0.1'],
    ['redis://127.0.0.1:6379/0?family=6'],
    ['unix://'],
    [['redis://127.0.0.1', 'nonsense']],
    [{ host: '127.0.0.1' }],
  ])('the URL %j', (url) => {
    expect(() => redis(url as string)).toThrow(ConfigError);
  });

  test.each([
    [{ unknown: true }],
    [{ prefix: '' }],
    [{ prefix: 'a{b}' }],
    [{ prefix: 'a b' }],
    [{ prefix: 7 }],
    [{ limitTimeoutMs: 0 }],
    [{ lostAfterMs: 100 }],
    [{ lostAfterMs: 10.5 }],
    [{ maxHistoryBytes: 1 }],
    [{ tls: true }],
    [{ tls: { bogus: 5 } }],
    [{ tls: { ca: 5 } }],
    [{ tls: { cert: 'nonsense' } }],
    ['prefix'],
    [null],
  ])('the options %j', (options) => {
    const url = typeof (options as RedisOptions | null)?.tls === 'object' ? 'rediss://127.0.0.1' : 'redis://127.0.0.1';
    expect(() => redis(url, options as RedisOptions)).toThrow(ConfigError);
  });

  test('TLS options for a URL without it', () => {
    expect(() => redis('redis://127.0.0.1', { tls: {} })).toThrow(ConfigError);
  });

  test('and shows no secret', () => {
    const secret = 'hunter2';
    for (const url of [
      `http://ada:${secret}@127.0.0.1`,
      `redis://ada:${secret}@127.0.0.1/x`,
      `ada:${secret}@127.0.0.1`,
    ])
      expect(() => redis(url)).toThrow(expect.not.objectContaining({ message: expect.stringContaining(secret) }));
  });
});
