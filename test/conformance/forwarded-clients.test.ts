import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { LANES } from './lanes.ts';
import { PROXIES } from './proxy-kinds.ts';
import { isSkipped, ProxyProcess } from './proxy-process.ts';

const COMBINATIONS = LANES.flatMap((lane) => PROXIES.map((kind) => ({ lane, kind })));

interface Seen {
  readonly ip: string;
  readonly url: string;
}

/** What the server sees of a request of a client that has this address. */
function ask(
  port: number,
  localAddress: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Seen & { readonly status: number }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port, localAddress, headers: { host: 'shop.example', ...headers }, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, ...(JSON.parse(text) as Seen) }));
      },
    );
    sent.on('error', reject).end();
  });
}

for (const { lane, kind } of COMBINATIONS)
  describe.skipIf(isSkipped(kind))(`clients of ${kind.name} before the lane ${lane.name}`, () => {
    let open: OpenServer | undefined;
    let proxy: ProxyProcess | undefined;

    beforeAll(async () => {
      open = await openServer(
        (app) => app.setRateLimit(3, 3_600).get('/', (request) => ({ ip: request.ip, url: request.url.href })),
        { ...lane.options, trustProxy: ['127.0.0.1'] },
      );
      proxy = await ProxyProcess.start(kind, open.port);
    });
    afterAll(async () => {
      await proxy?.[Symbol.asyncDispose]();
      await open?.[Symbol.asyncDispose]();
    });

    test('are known by their addresses', async () => {
      expect((await ask(proxy?.port ?? 0, '127.0.0.2')).ip).toBe('127.0.0.2');
      expect((await ask(proxy?.port ?? 0, '127.0.0.3')).ip).toBe('127.0.0.3');
    });

    test.each([
      { 'x-forwarded-for': '6.6.6.6' },
      { 'x-forwarded-for': '6.6.6.6, 127.0.0.1' },
      { 'x-forwarded-for': 'unknown' },
      { 'x-real-ip': '6.6.6.6', 'cf-connecting-ip': '6.6.6.6' },
    ])('cannot choose another one by %j', async (forged) => {
      expect((await ask(proxy?.port ?? 0, '127.0.0.4', forged)).ip).not.toBe('6.6.6.6');
    });

    test('are taken for the proxy at most when they write a field that it passes on', async () => {
      expect((await ask(proxy?.port ?? 0, '127.0.0.5', { forwarded: 'for=6.6.6.6' })).ip).toBe('127.0.0.1');
    });

    test('are limited each for itself, however they forge', async () => {
      const statuses = [];
      for (let index = 0; index < 4; index++)
        statuses.push((await ask(proxy?.port ?? 0, '127.0.0.6', { 'x-forwarded-for': `6.6.6.${index}` })).status);
      expect(statuses).toEqual([200, 200, 200, 429]);
      expect((await ask(proxy?.port ?? 0, '127.0.0.7')).status).toBe(200);
    });

    test('who do not come through the proxy are not believed', async () => {
      expect(
        await ask(open?.port ?? 0, '127.0.0.8', {
          'x-forwarded-for': '6.6.6.6',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': 'evil.example',
        }),
      ).toMatchObject({ ip: '127.0.0.8', url: 'http://shop.example/' });
    });
  });
