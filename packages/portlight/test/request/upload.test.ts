import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { FormLimits } from '../../src/request/form-limits.ts';
import { file, form, post, rawPart } from '../support/multipart.ts';
import { portless } from '../support/open-server.ts';
import { useUploadFolders } from '../support/upload-folders.ts';

const uploads = useUploadFolders();
const TEXT = 'é'.repeat(40_000) + 'end';
type Received = File & { readonly path?: string };

/** Runs `look` in the handler that received the file. */
async function receive<Result>(
  init: RequestInit,
  look: (file: Received) => Promise<Result> | Result,
  limits?: FormLimits,
): Promise<Result> {
  let result: { readonly value: Result } | undefined;
  const { server, log } = portless((app) =>
    app.post('/', async (request) => {
      result = { value: await look((await request.formData(limits)).get('f') as Received) };
    }),
  );
  const response = await server.fetch('/', init);
  expect([response.status, log.at('error')]).toEqual([204, []]);
  return (result as { readonly value: Result }).value;
}

const upload = (text: string | Buffer, type = 'text/plain'): RequestInit =>
  post(form(file('f', 'a b.txt', Buffer.from(text).toString('latin1'), type)));

describe.each([
  ['in memory', 1_000_000],
  ['on disk', 0],
])('a file %s', (_where, memoryBytes) => {
  const look = <Result>(
    inspect: (file: Received) => Promise<Result> | Result,
    text: string | Buffer = TEXT,
  ): Promise<Result> => receive(upload(text), inspect, { memoryBytes });

  test('is a File with its name, type and size', async () => {
    expect(await look((each) => [each instanceof File, each.name, each.type, each.size])).toEqual([
      true,
      'a b.txt',
      'text/plain',
      80_003,
    ]);
  });

  test('reads as text, bytes and a stream, as often as one likes', async () => {
    const seen = await look(async (each) => [
      await each.text(),
      await each.text(),
      Buffer.from(await each.arrayBuffer()).toString(),
      await new Response(each.stream()).text(),
      await new Response(each).text(),
    ]);
    expect(new Set(seen)).toEqual(new Set([TEXT]));
  });

  test('has its bytes unchanged', async () => {
    const bytes = randomBytes(300_000);
    expect(bytes.equals(await look(async (each) => Buffer.from(await each.arrayBuffer()), bytes))).toBe(true);
  });

  test('reads by bytes(), where Node has it', async () => {
    const seen = await look(async (each) =>
      'bytes' in each ? Buffer.from(await (each as { bytes(): Promise<Uint8Array> }).bytes()).toString() : TEXT,
    );
    expect(seen).toBe(TEXT);
  });

  test.each<[number | undefined, number | undefined]>([
    [undefined, undefined],
    [0, 4],
    [4, undefined],
    [-3, undefined],
    [-5, -1],
    [2, -2],
    [0, 0],
    [5, 2],
    [-1, -3],
    [100, 200],
    [-100, 3],
    [9, 9],
  ])('slices from %s to %s as a Blob does', async (start, end) => {
    const blob = new Blob(['0123456789']).slice(start, end);
    const seen = await look(async (each) => {
      const slice = each.slice(start, end);
      return [slice.size, await slice.text(), slice.type];
    }, '0123456789');
    expect(seen).toEqual([blob.size, await blob.text(), '']);
  });

  test('slices a slice, with a type of its own', async () => {
    const seen = await look(async (each) => {
      const slice = each.slice(2, 8, 'text/html').slice(-3, -1, 'text/css');
      return [await slice.text(), slice.size, slice.type];
    }, '0123456789');
    expect(seen).toEqual(['56', 2, 'text/css']);
  });

  test('can be put into another Blob and another form', async () => {
    const seen = await look(async (each) => {
      const data = new FormData();
      data.append('g', each);
      return [await new Blob(['<', each, '>']).text(), await new Response(data).text()];
    }, '0123456789');
    expect(seen).toEqual(['<0123456789>', expect.stringContaining('\r\n\r\n0123456789\r\n--')]);
  });

  test('of no bytes is one', async () => {
    expect(await look(async (each) => [each.size, await each.text(), await each.slice(0, 5).text()], '')).toEqual([
      0,
      '',
      '',
    ]);
  });

  test('can be the reply, whole, before it goes', async () => {
    const { server } = portless((app) =>
      app.post('/', async (request) => (await request.formData({ memoryBytes })).get('f')),
    );
    const response = await server.fetch('/', upload(TEXT));
    expect([response.headers.get('content-type'), response.headers.get('content-length')]).toEqual([
      'text/plain',
      '80003',
    ]);
    expect(await response.text()).toBe(TEXT);
    await expect.poll(() => uploads.left()).toEqual({ folders: [], open: [] });
  });
});

test.each<[number, number | undefined, string]>([
  [Number.NaN, 3, '012'],
  [1.7, 4.2, '123'],
  [-1.5, undefined, '9'],
  [Number.POSITIVE_INFINITY, undefined, ''],
  [0, Number.POSITIVE_INFINITY, '0123456789'],
  [Number.NEGATIVE_INFINITY, 2, '01'],
])('a file on disk slices from %s to %s as Web IDL rounds, where Node ends the process', async (start, end, text) => {
  const seen = await receive(
    upload('0123456789'),
    async (each) => {
      const slice = each.slice(start, end);
      return [slice.size, await slice.text()];
    },
    { memoryBytes: 0 },
  );
  expect(seen).toEqual([text.length, text]);
});

describe('where a file lies', () => {
  test.each([
    [9, 'string'],
    [10, 'undefined'],
    [11, 'undefined'],
  ])('with memoryBytes %i, one of ten bytes has a path of type %s', async (memoryBytes, type) => {
    expect(await receive(upload('0123456789'), (each) => typeof each.path, { memoryBytes })).toBe(type);
  });

  test('is in memory up to 64 KiB, and above on disk', async () => {
    expect(await receive(upload('x'.repeat(65_536)), (each) => each.path)).toBe(undefined);
    expect(await receive(upload('x'.repeat(65_537)), (each) => each.path)).toBeTypeOf('string');
  });

  test('on disk holds the bytes, for this user alone, under a name of ours', async () => {
    const [text, mode, path] = await receive(upload(TEXT), async ({ path = '' }) => [
      await readFile(path, 'utf8'),
      (await stat(path)).mode & 0o777,
      path,
    ]);
    expect([text, mode]).toEqual([TEXT, 0o600]);
    expect(path).not.toContain('a b');
    await expect.poll(() => uploads.left()).toEqual({ folders: [], open: [] });
  });
});

describe('what the client says of a file', () => {
  test.each([
    ['a UTF-8 name', 'filename="näme 名.txt"', 'näme 名.txt'],
    ['an extended name (RFC 5987)', "filename*=UTF-8''n%C3%A4me%20%E2%82%AC.txt", 'näme €.txt'],
    ['a quoted name', String.raw`filename="a\"b.txt"`, 'a"b.txt'],
  ])('may be %s', async (_what, parameter, name) => {
    const part = rawPart(
      [`content-disposition: form-data; name="f"; ${Buffer.from(parameter).toString('latin1')}`],
      'x',
    );
    expect(await receive(post(form(part)), (each) => each.name)).toBe(name);
  });

  test('may be bytes without a name, which then have an empty one', async () => {
    const part = rawPart(['content-disposition: form-data; name="f"', 'content-type: application/octet-stream'], 'x');
    expect(await receive(post(form(part)), (each) => [each.name, each.type, each.size])).toEqual([
      '',
      'application/octet-stream',
      1,
    ]);
  });

  test('does not decide where it lies', async () => {
    const path = await receive(post(form(file('f', '../../../../evil', TEXT))), (each) => each.path ?? '', {
      memoryBytes: 0,
    });
    expect(path).not.toContain('evil');
    expect(path).toContain('portlight-');
  });
});
