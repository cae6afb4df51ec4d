// A folder of files in every mode, in the clear and over TLS. What `files` does in each corner is tested elsewhere.
import { once } from 'node:events';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasOpenssl, makeCertificate } from '../../packages/portlight/test/support/make-certificate.ts';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { RunningProgram } from './run-program.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const BIG = Array.from({ length: 100_000 }, (_, line) => `${line}\n`).join('');
const MODES = [
  ['concurrent', 1],
  ['sequential', 1],
  ['workers', 2],
  ['forked', 2],
] as const;

describe.each(['in the clear', 'over TLS'])('%s', (way) => {
  const isTls = way === 'over TLS';

  describe.skipIf(isTls && !hasOpenssl()).each(MODES)('a folder of files in the mode %s', (mode, processes) => {
    let temp: TempFolder;
    let app: RunningProgram;
    let port: number;
    let cert: string | undefined;

    beforeAll(async () => {
      temp = await TempFolder.create();
      await mkdir(temp.at('root', 'docs'), { recursive: true });
      for (const [name, text] of Object.entries({
        'outside.txt': 'outside',
        'root/index.html': '<h1>Home</h1>',
        'root/docs/index.html': '<h1>Docs</h1>',
        'root/small.txt': 'small',
        'root/small.txt.br': 'compressed',
        'root/big.txt': BIG,
        'root/app-0a1b2c3d.js': 'js',
        'root/changes.txt': 'first',
      }))
        await temp.write(name, text);
      await symlink('../outside.txt', temp.at('root', 'out.txt'));
      const tls = isTls ? await makeCertificate('app.test') : undefined;
      cert = tls?.cert;
      const children = processes === 1 ? undefined : 4;
      const told = { mode, children, root: temp.at('root'), tls: tls && { key: tls.key, cert: tls.cert } };
      app = new RunningProgram(['fixtures/files.mjs', JSON.stringify(told)], {}, { isGroup: processes > 1 });
      port = Number((await app.said(/listening (\d+)/))[1]);
    }, 30_000);

    afterAll(async () => {
      await app[Symbol.asyncDispose]();
      await temp[Symbol.asyncDispose]();
    });

    /** Asks on a connection of its own. */
    async function ask(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
      const options = { host: '127.0.0.1', port, path, method, headers, agent: false };
      const sent = isTls ? httpsRequest({ ...options, ca: cert, servername: 'app.test' }) : httpRequest(options);
      const [response] = (await once(sent.end(), 'response')) as [IncomingMessage];
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
      return { status: response.statusCode, headers: response.headers, text };
    }

    test('has pages, files small and large, and their variants', async () => {
      const answers = await Promise.all(
        [
          ['/'],
          ['/docs/'],
          ['/small.txt'],
          ['/small.txt', { 'accept-encoding': 'br' }],
          ['/users/7', { accept: 'text/html' }],
        ].map(([path, headers]) => ask(path as string, headers as Record<string, string>)),
      );
      expect(answers.map(({ status, text }) => [status, text])).toEqual(
        ['<h1>Home</h1>', '<h1>Docs</h1>', 'small', 'compressed', '<h1>Home</h1>'].map((text) => [200, text]),
      );
      const big = await ask('/big.txt');
      expect([big.headers['content-length'], big.text === BIG]).toEqual([String(BIG.length), true]);
      expect((await ask('/app-0a1b2c3d.js')).headers['cache-control']).toContain('immutable');
    });

    test('has parts of them, and says what has not changed', async () => {
      const whole = await ask('/big.txt', {}, 'HEAD');
      expect([whole.status, whole.headers['content-length'], whole.text]).toEqual([200, String(BIG.length), '']);
      const part = await ask('/big.txt', { range: 'bytes=100-199' });
      expect([part.status, part.text]).toEqual([206, BIG.slice(100, 200)]);
      const same = await ask('/big.txt', { 'if-none-match': whole.headers.etag as string });
      expect([same.status, same.text]).toEqual([304, '']);
    });

    test('has nothing else', async () => {
      const answers = await Promise.all([
        ask('/gone.txt'),
        ask('/out.txt'),
        ask('/%2e%2e/outside.txt'),
        ask('/small.txt', {}, 'POST'),
        ask('/docs'),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 400, 405, 301]);
      expect(answers.map(({ text }) => text).join('')).not.toContain('outside');
    });

    test('is the same in every process, and as it is at that moment', async () => {
      for (const text of ['first', 'second']) {
        await temp.write('next.txt', text);
        await rename(temp.at('next.txt'), temp.at('root', 'changes.txt'));
        const seen = new Set<unknown>();
        do {
          const answers = await Promise.all(Array.from({ length: 4 }, () => ask('/changes.txt')));
          for (const { headers, text: got } of answers) {
            expect(got).toBe(text);
            seen.add(headers['x-process']);
          }
        } while (seen.size < processes);
      }
    });
  });
});
