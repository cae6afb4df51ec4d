import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FileOptions, HttpResponse } from '../../src/index.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { portless } from '../support/open-server.ts';
import { TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
let root: string;

beforeAll(async () => {
  temp = await TempFolder.create();
  root = temp.at('root');
  await mkdir(temp.at('root', 'sub', '.hidden'), { recursive: true });
  await mkdir(temp.at('root-of-another'));
  const texts = {
    'outside.txt': 'OUT',
    'root-of-another/a.txt': 'OUT',
    'root/a.txt': 'a',
    'root/sub/b.txt': 'b',
    'root/.secret': 's',
    'root/sub/.hidden/c.txt': 'c',
    'root/ü 名.txt': 'ü',
    'root/%2e%2e': 'literal',
    'root/..a': 'dots',
    'root/a\\b': 'backslash',
  };
  for (const [name, text] of Object.entries(texts)) await temp.write(name, text);
  await symlink(temp.at('root', 'sub', 'b.txt'), temp.at('root', 'inside.txt'));
  await symlink('sub', temp.at('root', 'inside-folder'));
  await symlink(temp.at('outside.txt'), temp.at('root', 'outside.txt'));
  await symlink('..', temp.at('root', 'up'));
  await symlink(temp.at('root-of-another'), temp.at('root', 'another'));
  await symlink('.secret', temp.at('root', 'to-secret'));
  await symlink('sub/.hidden', temp.at('root', 'to-hidden'));
  await symlink(temp.at('root', 'sub', '.hidden', 'c.txt'), temp.at('root', 'to-hidden.txt'));
  await mkdir(temp.at('.cache'));
  await temp.write('.cache/far.txt', 'far');
  await symlink(temp.at('.cache', 'far.txt'), temp.at('root', 'far.txt'));
  await symlink('loop', temp.at('root', 'loop'));
  await symlink('nowhere', temp.at('root', 'dangling'));
  await promisify(execFile)('mkfifo', [temp.at('root', 'pipe')]);
});

afterAll(() => temp[Symbol.asyncDispose]());

/** The text of a file of the root, or the status that is answered instead. */
async function serve(
  path: string | readonly string[],
  options: FileOptions = {},
  isConfined = true,
): Promise<string | number> {
  const { server, log } = portless((app) =>
    app.get('/', () => HttpResponse.file(path, isConfined ? { root, ...options } : options)),
  );
  const response = await server.fetch('/');
  expect(log.at('error')).toEqual([]);
  const text = await response.text();
  return response.status === 200 ? text : response.status;
}

describe('a file below a root', () => {
  test.each<[string | readonly string[], string]>([
    ['a.txt', 'a'],
    ['/a.txt', 'a'],
    ['sub/b.txt', 'b'],
    ['//sub//b.txt', 'b'],
    [['a.txt'], 'a'],
    [['sub', 'b.txt'], 'b'],
    ['ü 名.txt', 'ü'],
    [['%2e%2e'], 'literal'],
    ['%2e%2e', 'literal'],
    ['inside.txt', 'b'],
    ['inside-folder/b.txt', 'b'],
  ])('is found at %j', async (path, text) => {
    expect(await serve(path)).toBe(text);
  });

  test.each<string | readonly string[]>(
    [
      '',
      '/',
      '.',
      '..',
      './a.txt',
      '../outside.txt',
      '../root/a.txt',
      'sub/../a.txt',
      'sub/../../outside.txt',
      '../root-of-another/a.txt',
      '..\\outside.txt',
      'sub\\b.txt',
      'a\\b',
      'a.txt\0',
      'a.txt\0.png',
      '\0',
      '/etc/passwd',
      'C:\\Windows',
      'a.txt/',
      'a.txt/b',
      'none',
      'sub',
      'sub/',
      'sub/none/b.txt',
      'x'.repeat(300),
      'x/'.repeat(5_000),
      'A.TXT',
      'pipe',
      'loop',
      'dangling',
      'outside.txt',
      'up/outside.txt',
      'up/root/a.txt.',
      'another/a.txt',
      '.secret',
      '..a',
      'sub/.hidden/c.txt',
      'inside-folder/.hidden/c.txt',
      'to-secret',
      'to-hidden/c.txt',
      'to-hidden.txt',
      [],
      ['..', 'outside.txt'],
      ['../outside.txt'],
      ['sub/b.txt'],
      ['sub', '..', 'a.txt'],
      ['', 'a.txt'],
      ['.', 'a.txt'],
      ['a.txt\0'],
      ['sub\\b.txt'],
      ['/etc/passwd'],
    ].filter((path) => path !== 'a.txt/'),
  )('is not found at %j', async (path) => {
    expect(await serve(path)).toBe(404);
  });

  test.each<[string, string | number]>([
    ['.secret', 's'],
    ['sub/.hidden/c.txt', 'c'],
    ['to-secret', 's'],
    ['to-hidden/c.txt', 'c'],
    ['to-hidden.txt', 'c'],
    ['far.txt', 404],
    ['..a', 'dots'],
    ['..', 404],
    ['.', 404],
    ['../outside.txt', 404],
    ['outside.txt', 404],
  ])('with dotFiles: %s is %s', async (path, result) => {
    expect(await serve(path, { dotFiles: true })).toBe(result);
  });

  test.each<[string, string | number]>([
    ['outside.txt', 'OUT'],
    ['up/outside.txt', 'OUT'],
    ['another/a.txt', 'OUT'],
    ['inside.txt', 'b'],
    ['../outside.txt', 404],
    ['.secret', 404],
    ['to-secret', 404],
    ['to-hidden/c.txt', 404],
    ['far.txt', 'far'],
    ['loop', 404],
    ['dangling', 404],
  ])('with symlinks followed: %s is %s', async (path, result) => {
    expect(await serve(path, { symlinks: 'follow' })).toBe(result);
  });

  test('may have a root that is a link itself, relative, or the root of all', async () => {
    await symlink(root, temp.at('link'));
    expect(await serve('a.txt', { root: temp.at('link') })).toBe('a');
    expect(await serve('a.txt', { root: `${root}/` })).toBe('a');
    expect(await serve(temp.at('root', 'a.txt'), { root: '/' })).toBe('a');
    expect(await serve('package.json', { root: '.' })).toContain('"name"');
    expect(await serve('a.txt', { root: temp.at('none') })).toBe(404);
  });
});

describe('a file without a root', () => {
  test('is the one that the app names, hidden or behind a link', async () => {
    expect(await serve(temp.at('root', '.secret'), {}, false)).toBe('s');
    expect(await serve(temp.at('root', 'outside.txt'), {}, false)).toBe('OUT');
    expect(await serve(temp.at('none'), {}, false)).toBe(404);
    expect(await serve(temp.at('root'), {}, false)).toBe(404);
    expect(await serve(temp.at('root', 'pipe'), {}, false)).toBe(404);
  });
});

describe('a file named by a wildcard', () => {
  const app = (): ReturnType<typeof portless> =>
    portless((each) => each.get('/files/*path', (request) => HttpResponse.file(request.params.path, { root })));

  test.each([
    ['/files/a.txt', 200],
    ['/files/sub/b.txt', 200],
    ['/files/%61.txt', 200],
    ['/files/%C3%BC%20%E5%90%8D.txt', 200],
    ['/files/sub/b.txt/', 404],
    ['/files/a.txt/', 404],
    ['/files/%C3%BC%20%E5%90%8D.txt/', 404],
    ['/files/a.txt//', 404],
    ['/files/../outside.txt', 400],
    ['/files/%2e%2e/outside.txt', 400],
    ['/files/%2E%2E/outside.txt', 400],
    ['/files/.%2e/outside.txt', 400],
    ['/files/sub/%2e/b.txt', 400],
    ['/files/..%2foutside.txt', 404],
    ['/files/%2e%2e%2foutside.txt', 404],
    ['/files/sub%2fb.txt', 404],
    ['/files/..%5coutside.txt', 404],
    ['/files/sub%5cb.txt', 404],
    ['/files/..\\outside.txt', 400],
    ['/files/a.txt%00', 400],
    ['/files/%00', 400],
    ['/files/%252e%252e/outside.txt', 404],
    ['/files//a.txt', 404],
    ['/files//etc/passwd', 404],
    ['/files/%2fetc%2fpasswd', 404],
    ['/files/.secret', 404],
    ['/files/%2esecret', 404],
    ['/files/sub', 404],
    ['/files/pipe', 404],
    ['/files/outside.txt', 404],
    ['/files/%c0%ae%c0%ae/outside.txt', 400],
    ['/files/%zz', 400],
  ])('%s is answered %i', async (target, status) => {
    const response = await app().server.fetch(target);
    const text = await response.text();
    expect(text).not.toContain('OUT');
    expect(response.status).toBe(status);
  });

  test('that is none does not say where it was looked for', async () => {
    const text = await (await app().server.fetch('/files/none.txt')).text();
    expect(text).toContain('ERR_PORTLIGHT_NOT_FOUND');
    expect(text).not.toContain(root);
    expect(text).not.toContain('ENOENT');
  });
});

test('all of these leave no file open', async () => {
  await expect.poll(() => openFilesUnder(temp.path)).toEqual([]);
});

describe.each([false, true])('a path that ends in a slash, with strictSlashes %s', (strictSlashes) => {
  const { server } = portless(
    (each) =>
      each
        .get('/one/:name/', (request) => HttpResponse.file(request.params.name, { root }))
        .get('/pages/', () => HttpResponse.file('a.txt', { root }))
        .get('/sub/*path', () => HttpResponse.file(['sub', 'b.txt'], { root }))
        .get('/a.txt/', () => HttpResponse.file(temp.at('root', 'a.txt'))),
    { strictSlashes },
  );

  test.each([
    ['/one/a.txt/', 404],
    ['/a.txt/', 404],
    ['/sub/b.txt/', 404],
    ['/pages/', 200],
    ['/sub/x/', 200],
    ['/sub/b.txt', 200],
  ])('%s is answered %i: a file is no folder', async (path, status) => {
    expect((await server.fetch(path)).status).toBe(status);
    expect((await server.fetch(path, { method: 'HEAD' })).status).toBe(status);
  });
});
