import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FileOptions, HttpResponse } from '../../src/index.ts';
import { TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
beforeAll(async () => {
  temp = await TempFolder.create();
});
afterAll(() => temp[Symbol.asyncDispose]());

const refusal = expect.objectContaining({ name: 'ReplyError', code: 'ERR_PORTLIGHT_INVALID_REPLY' }) as Error;

describe('a file response refuses at once', () => {
  test.each([undefined, null, '', 5, true, {}])('a root of %s, which would protect nothing', (root) => {
    expect(() => HttpResponse.file('a.txt', { root: root as string })).toThrow(refusal);
  });

  test('the segments of a wildcard without a root', () => {
    expect(() => HttpResponse.file(['a.txt'])).toThrow(refusal);
  });

  test.each<[string, unknown]>([
    ['symlinks', 'never'],
    ['symlinks', false],
    ['symlinks', null],
    ['dotFiles', 'false'],
    ['dotFiles', 0],
    ['dotFiles', 'allow'],
    ['precompressed', 'br'],
    ['download', 5],
    ['download', {}],
    ['Root', '/'],
    ['dotfiles', true],
    ['followSymlinks', true],
  ])('the option %s of %j', (name, value) => {
    expect(() => HttpResponse.file('a.txt', { root: temp.path, [name]: value })).toThrow(refusal);
  });

  test.each<[unknown]>([[undefined], [null], [5], [{}], [true], [[5]], [['a', undefined]], [[['a']]]])(
    'a path of %j',
    (path) => {
      expect(() => HttpResponse.file(path as string, { root: temp.path })).toThrow(refusal);
    },
  );

  test.each([199, 600, 200.5, '200'])('the status %s', (status) => {
    expect(() => HttpResponse.file('a.txt', { root: temp.path, status: status as number })).toThrow(
      expect.objectContaining({ name: 'ReplyError' }),
    );
  });
});

test('a file response takes every option, or none', () => {
  const all: FileOptions = { root: temp.path, dotFiles: false, symlinks: 'follow', precompressed: true, download: 'x' };
  expect(() => HttpResponse.file('a.txt', { ...all, status: 404, headers: { 'x-a': 'b' } })).not.toThrow();
  expect(() =>
    HttpResponse.file('a.txt', {
      root: temp.path,
      dotFiles: undefined,
      symlinks: undefined,
      precompressed: undefined,
      download: undefined,
    }),
  ).not.toThrow();
  expect(() => HttpResponse.file(temp.at('a.txt'))).not.toThrow();
});
