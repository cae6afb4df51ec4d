import type { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { HttpResponse } from '../../src/index.ts';

/** What has a text that nobody means. */
const NO_TEXT: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  'a promise': Promise.resolve('x'),
  'an object': { a: 1 },
  'an array': ['a'],
  'a function': () => 'x',
  'a symbol': Symbol('x'),
  'a response': HttpResponse.text('x'),
};

const replyError = (text: string): unknown =>
  expect.objectContaining({ name: 'ReplyError', message: expect.stringContaining(text) as string });

describe.each(Object.entries(NO_TEXT))('%s', (_name, value) => {
  const text = value as string;

  test.each<[string, () => unknown]>([
    ['text', () => HttpResponse.text(text)],
    ['html', () => HttpResponse.html(text)],
    ['raw', () => HttpResponse.raw(text)],
    ['redirect', () => HttpResponse.redirect(text)],
    ['a cookie', () => new HttpResponse().cookie('n', text)],
    ['the name of a cookie', () => new HttpResponse().cookie(text, 'v')],
    ['the name of a header', () => new HttpResponse().header(text, 'v')],
    ['one of several header values', () => new HttpResponse().header('x', ['a', text])],
    ['a cookie of a response', () => HttpResponse.text('x').cookie('n', text, { httpOnly: true })],
  ])('is refused as %s', (_what, call) => {
    expect(call).toThrow(replyError(''));
  });

  test('is refused as a header', () => {
    expect(() => new HttpResponse().header('x', Array.isArray(value) ? [value as unknown as string] : text)).toThrow(
      replyError('x'),
    );
  });

  test('is refused as a status', () => {
    expect(() => (new HttpResponse().status = value as number)).toThrow(replyError('status'));
    expect(() => HttpResponse.redirect('/', (value ?? 'none') as number)).toThrow(replyError('status'));
  });
});

test('a promise is told that it is one', () => {
  const promise = Promise.resolve('x') as unknown as string;
  for (const call of [
    () => HttpResponse.html(promise),
    () => new HttpResponse().cookie('n', promise),
    () => new HttpResponse().header('x', promise),
  ])
    expect(call).toThrow(replyError('await'));
});

test.each([undefined, null, Promise.resolve()])('%s is no stream', (source) => {
  expect(() => HttpResponse.stream(source as unknown as Readable)).toThrow(replyError('HttpResponse.stream'));
});

test.each([null, 'text', 7, Promise.resolve({}), true])('%s is no record of headers', (headers) => {
  expect(() => new HttpResponse('x', { headers: headers as never })).toThrow(replyError('headers'));
});

test.each([NaN, Infinity])('%s is no number for a header or a cookie', (number) => {
  expect(() => new HttpResponse().header('x', number)).toThrow(replyError(String(number)));
  expect(() => new HttpResponse().cookie('n', number)).toThrow(replyError(String(number)));
});

test('numbers are text, and an empty string is one', () => {
  expect(HttpResponse.text(7 as unknown as string).body).toBe('7');
  expect(HttpResponse.html('').body).toBe('');
  expect(new HttpResponse().cookie('n', 7).cookie('empty', '').headers.getSetCookie()).toEqual([
    'n=7; Path=/',
    'empty=; Path=/',
  ]);
  expect([...new HttpResponse().header('x', '').header('y', 0).headers]).toEqual([
    ['x', ''],
    ['y', '0'],
  ]);
});

test('an empty location is none', () => {
  expect(() => HttpResponse.redirect('')).toThrow(replyError("not ''"));
});

test('a URL of another implementation is one', () => {
  expect(HttpResponse.redirect({ href: 'https://example.com/' } as URL).headers.get('location')).toBe(
    'https://example.com/',
  );
});
