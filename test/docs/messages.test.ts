import { HttpServer } from 'portlight';
import { expect, test } from 'vitest';
import { readPages } from './markdown-page.ts';

const QUOTED = /^Invalid pattern in GET (\S+): .+$/gm;
const quotes = readPages().flatMap(({ path, text }) =>
  [...text.matchAll(QUOTED)].map(([message, pattern = '']) => [path, pattern, message] as const),
);

test('there are messages', () => {
  expect(quotes.length).toBeGreaterThan(0);
});

test.for(quotes)('%s quotes what is said of the pattern %s', ([, pattern, message]) => {
  expect(() => new HttpServer().get(pattern, () => '')).toThrow(message);
});
