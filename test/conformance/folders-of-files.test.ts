import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { HttpResponse, type HttpServer } from 'portlight';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFilesUnder } from '../../packages/portlight/test/support/open-files.ts';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import type { WireResponse } from '../../packages/portlight/test/support/read-responses.ts';
import { LANES } from './lanes.ts';
import { TARGETS } from './target-forms.ts';

let root = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'portlight-conformance-'));
  for (const folder of ['public/admin', 'public/sub', 'public/example.com', 'public/.hidden', 'public-of-others'])
    await mkdir(join(root, folder), { recursive: true });
  const texts = {
    'outside.txt': 'OUT',
    'public-of-others/a.txt': 'OUT',
    'public/.hidden/a.txt': 'OUT',
    'public/.env': 'OUT',
    'public/admin/secret': 'SECRET',
    'public/a.txt': 'a',
    'public/index.html': 'home',
    'public/sub/index.html': 'sub',
    'public/example.com/index.html': 'folder',
    'public/a\\b': 'OUT',
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(root, name), text);
  await symlink('../outside.txt', join(root, 'public/link.txt'));
  await symlink('..', join(root, 'public/up'));
  await symlink('.env', join(root, 'public/to-env'));
  await symlink('.hidden', join(root, 'public/to-hidden'));
});
afterAll(() => rm(root, { recursive: true }));

/** Ways out of a folder, behind its prefix. */
const WAYS_OUT = [
  ...['../outside.txt', '%2e%2e/outside.txt', '.%2e/outside.txt', '%2E%2E%2Foutside.txt', '..%2foutside.txt'],
  ...[
    '..%5coutside.txt',
    '..\\outside.txt',
    '%5c..%5coutside.txt',
    '%252e%252e/outside.txt',
    '%252e%252e%252foutside.txt',
  ],
  ...[
    'sub/../../outside.txt',
    'sub/%2e%2e/%2e%2e/outside.txt',
    'sub/..%2f..%2foutside.txt',
    '../public-of-others/a.txt',
  ],
  ...['..%2fpublic-of-others%2fa.txt', '%c0%ae%c0%ae/outside.txt', '%uff0e%uff0e/outside.txt', '..;/outside.txt'],
  ...[
    '..%00/outside.txt',
    '../outside.txt%00.html',
    'a.txt%00',
    '..%09/outside.txt',
    '.%0d./outside.txt',
    '...//outside.txt',
  ],
  ...[
    '/etc/passwd',
    '%2fetc%2fpasswd',
    'file:///etc/passwd',
    'C:%5cWindows',
    'link.txt',
    'up/outside.txt',
    'up',
    'up/',
  ],
  ...[
    '.env',
    '%2eenv',
    'to-env',
    '.hidden/a.txt',
    '%2ehidden/a.txt',
    'to-hidden/a.txt',
    'a%5cb',
    'a\\b',
    '~/outside.txt',
  ],
  ...['..', '../', '.', './', '%2e', '%2e/', '%2e%2e', '..?/outside.txt', '..#/outside.txt', 'x'.repeat(5_000)],
];

const telling = fc.constantFrom(
  ...['/', '//', '.', '..', '\\', '%5c', '%2f', '%2F', '%25', '%252f', '%2e', '%00', '%0a', ';', ':', '@', '%c0%ae'],
  ...['outside.txt', 'public', 'sub', 'a.txt', 'up', 'example.com', '.env', 'admin', 'secret', '?', '?a=//b', 'é'],
);

describe.each(LANES)('a folder of files on the lane $name', ({ options }) => {
  describe.each(['/', '/files', '/a/b'])('behind %s', (prefix) => {
    const before = prefix === '/' ? '/' : `${prefix}/`;
    let open: OpenServer;

    beforeAll(async () => {
      open = await openServer(
        (server) => server.files(prefix, join(root, 'public'), { fallback: 'index.html', precompressed: true }),
        options,
      );
    });
    afterAll(() => open[Symbol.asyncDispose]());

    const ask = async (target: string, method = 'GET', host = 'a'): Promise<WireResponse> => {
      await using client = await RawClient.open(open.port);
      const lines = `${method} ${target} HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: br\r\nconnection: close\r\n\r\n`;
      const [first] = await client.send(lines).responses(1, method === 'HEAD' ? [0] : []);
      return first as WireResponse;
    };

    /** Nothing of outside, no error of ours, and a way to nowhere but to a folder here. */
    function assertInside({ status, headers, body }: WireResponse): void {
      expect([200, 301, 400, 404, 405, 414, 431]).toContain(status);
      expect(body).not.toContain('OUT');
      expect(body).not.toContain('root:');
      expect(body).not.toContain(root);
      if (status === 301) expect(headers.get('location')).toMatch(/^\.\/[^/\\\s]*\/(?:\?\S*)?$/);
    }

    test.each(WAYS_OUT)('%s leads nowhere', async (way) => {
      for (const method of ['GET', 'POST'])
        for (const target of [before + way, `http://a${before}${way}`]) {
          const response = await ask(target, method);
          assertInside(response);
          expect([200, 301, 405]).not.toContain(response.status);
        }
      expect(open.log.at('error')).toEqual([]);
    });

    test('no target leads out, or to another host', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(telling, { maxLength: 7 }), async (pieces) => {
          const target = before + pieces.join('');
          assertInside(await ask(Buffer.from(target).toString('latin1')));
        }),
        { numRuns: 250 },
      );
      expect(open.log.at('error')).toEqual([]);
      await expect.poll(() => openFilesUnder(root)).toEqual([]);
    });

    test('a folder without its slash leads to itself with one, and keeps its query', async () => {
      for (const [target, location] of [
        ['sub', './sub/'],
        ['sub?a=b&c=%2F%2Fd', './sub/?a=b&c=%2F%2Fd'],
        ['%73ub', './sub/'],
        ['example.com', './example.com/'],
      ] as const) {
        const { status, headers } = await ask(before + target);
        expect([status, headers.get('location')]).toEqual([301, location]);
      }
      expect((await ask(`http://other.example${before}sub`)).headers.get('location')).toBe('./sub/');
      expect((await ask(`/${before}example.com`)).status).toBe(400);
    });

    test('pipelined requests are answered in their order, whatever is looked for', async () => {
      await using client = await RawClient.open(open.port);
      const paths = ['a.txt', 'none', 'sub/', 'a.txt', 'none', 'sub'];
      client.send(paths.map((path) => request('GET', before + path)).join(''));
      const statuses = (await client.responses(paths.length)).map(({ status }) => status);
      expect(statuses).toEqual([200, 404, 200, 200, 404, 301]);
    });

    test('HEAD has the fields of GET', async () => {
      for (const path of ['a.txt', 'sub', 'sub/', 'none']) {
        const [get, head] = [await ask(before + path), await ask(before + path, 'HEAD')];
        expect([head.status, head.body]).toEqual([get.status, '']);
        const fields = (response: WireResponse): unknown[] =>
          ['content-type', 'content-length', 'etag', 'location', 'vary'].map((name) => response.headers.get(name));
        expect(fields(head)).toEqual(fields(get));
      }
    });
  });

  test('a guard in front of some of the files is passed by each way to write their path', async () => {
    await using open = await openServer(
      (server: HttpServer) =>
        server.use('/admin/*rest', () => new HttpResponse('guarded', { status: 401 })).files('/', join(root, 'public')),
      options,
    );
    let guarded = 0;
    for (const [target, host = 'a'] of TARGETS) {
      await using client = await RawClient.open(open.port);
      const head = `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
      const { status, body } = await client.send(Buffer.from(head).toString('latin1')).response();
      expect([200, 301, 400, 401, 404]).toContain(status);
      expect(body).not.toContain('SECRET');
      guarded += status === 401 ? 1 : 0;
    }
    expect(guarded).toBeGreaterThan(10);
    expect(open.log.at('error')).toEqual([]);
  });
});
