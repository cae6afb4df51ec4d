import { describe, expect, test } from 'vitest';
import type { RouteOptions } from '../../src/index.ts';
import type { FormLimits } from '../../src/request/form-limits.ts';
import { field, file, form, post } from '../support/multipart.ts';
import { portless } from '../support/open-server.ts';
import { useUploadFolders } from '../support/upload-folders.ts';

const uploads = useUploadFolders();
const BIG = 'x'.repeat(100_000);
const URLENCODED = 'application/x-www-form-urlencoded';
const many = (count: number, part: string): string => form(...Array.from({ length: count }, () => part));

/** The status that a form gets under some limits, or how many entries it has. */
async function send(init: RequestInit, limits?: FormLimits, options: RouteOptions = {}): Promise<number | string> {
  const { server, log } = portless((app) =>
    app.post('/', options, async (request) => [...(await request.formData(limits))].length),
  );
  const response = await server.fetch('/', init);
  expect(log.at('error')).toEqual([]);
  const text = await response.text();
  await expect.poll(() => uploads.left()).toEqual({ folders: [], open: [] });
  return response.status === 200 ? text : response.status;
}

describe('the limits of a form', () => {
  test.each<[string, FormLimits, string, string, number]>([
    ['fields', { maxFields: 2 }, many(2, field('a', '1')), many(3, field('a', '1')), 2],
    ['files', { maxFiles: 2 }, many(2, file('f', 'f', '1')), many(3, file('f', 'f', '1')), 2],
    ['files on disk', { maxFiles: 2 }, many(2, file('f', 'f', BIG)), many(3, file('f', 'f', BIG)), 2],
    ['no fields', { maxFields: 0 }, form(), form(field('a', '1')), 0],
    ['no files', { maxFiles: 0 }, form(field('a', '1')), form(file('f', 'f', '1')), 1],
    ['bytes of a field', { maxFieldBytes: 5 }, form(field('a', '12345')), form(field('a', '123456')), 1],
    [
      'bytes of a file in memory',
      { maxFileBytes: 5 },
      form(file('f', 'f', '12345')),
      form(file('f', 'f', '123456')),
      1,
    ],
    [
      'bytes of a file on disk',
      { maxFileBytes: 100_000 },
      form(file('f', 'f', BIG)),
      form(file('f', 'f', `${BIG}x`)),
      1,
    ],
    [
      'bytes of a file on disk at once',
      { maxFileBytes: 10, memoryBytes: 0 },
      form(file('f', 'f', '1234567890')),
      form(file('f', 'f', '12345678901')),
      1,
    ],
  ])('%s: what reaches it is taken, one more is 413', async (_what, limits, within, beyond, entries) => {
    expect(await send(post(within), limits)).toBe(String(entries));
    expect(await send(post(beyond), limits)).toBe(413);
  });

  test('are 1,000 fields and 100 files unless they are given', async () => {
    expect(await send(post(many(1_000, field('a', '1'))))).toBe('1000');
    expect(await send(post(many(1_001, field('a', '1'))))).toBe(413);
    expect(await send(post(many(100, file('f', 'f', '1'))))).toBe('100');
    expect(await send(post(many(101, file('f', 'f', '1'))))).toBe(413);
  });

  test.each<[string, FormLimits, string, string]>([
    ['fields', { maxFields: 2 }, 'a=1&b=2', 'a=1&b=2&c=3'],
    ['bytes of a field', { maxFieldBytes: 5 }, 'a=12345&b=%C3%A9%C3%A9x', 'a=12345&b=%C3%A9%C3%A9xx'],
  ])('%s hold for an urlencoded form', async (_what, limits, within, beyond) => {
    expect(await send(post(within, URLENCODED), limits)).toBe('2');
    expect(await send(post(beyond, URLENCODED), limits)).toBe(413);
  });

  test.each([1_001, 100_000])('of an urlencoded form of %i fields are told', async (count) => {
    expect([400, 413]).toContain(await send(post(Array.from({ length: count }, () => 'a=1').join('&'), URLENCODED)));
  });

  test('of the body hold as well', async () => {
    expect(await send(post(form(file('f', 'f', BIG))), {}, { maxBodyBytes: 90_000 })).toBe(413);
    expect(await send(post(form(field('a', BIG))), {}, { maxBodyBytes: 90_000 })).toBe(413);
    expect(await send(post(form(field('a', BIG))), {}, { maxBodyBytes: 110_000 })).toBe('1');
  });

  test.each<[string, unknown]>([
    ['maxFields', -1],
    ['maxFields', Number.NaN],
    ['maxFields', '10'],
    ['maxFields', 1.5],
    ['maxFiles', -1],
    ['maxFiles', Number.NaN],
    ['maxFiles', 'none'],
    ['maxFieldBytes', -1],
    ['maxFieldBytes', Number.NaN],
    ['maxFieldBytes', '1mb'],
    ['maxFileBytes', -1],
    ['maxFileBytes', Number.NaN],
    ['maxFileBytes', '1mbb'],
    ['maxFileBytes', null],
    ['memoryBytes', -1],
    ['memoryBytes', Number.NaN],
    ['memoryBytes', '64k'],
  ])('%s of %s is a mistake in the app, and never means no limit', async (name, value) => {
    const { server, log } = portless((app) =>
      app.post('/', async (request) => [...(await request.formData({ [name]: value }))].length),
    );
    expect((await server.fetch('/', post(form(field('a', '1'), file('f', 'f', BIG))))).status).toBe(500);
    expect(log.at('error')[0]?.fields['err']).toMatchObject({ message: expect.stringContaining(name) as string });
  });
});
