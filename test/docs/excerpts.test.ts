import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPages, REPOSITORY } from './markdown-page.ts';

const excerpts = readPages()
  .flatMap(({ blocks }) => blocks)
  .filter(({ excerptOf }) => excerptOf !== undefined)
  .map(({ page, line, excerptOf = '', code }) => [`${page}:${line}`, excerptOf, code] as const);

test('there are excerpts', () => {
  expect(excerpts.length).toBeGreaterThan(0);
});

test.for(excerpts)('%s has lines of %s as they are, but for how far they are indented', ([, file, code]) => {
  const text = readFileSync(join(REPOSITORY, 'examples', file), 'utf8');
  const indents = new Set(text.match(/^ */gm));
  const shown = [...indents].map((indent) => code.replaceAll(/^(?=.)/gm, indent));
  expect(shown.some((lines) => `\n${text}\n`.includes(`\n${lines}\n`))).toBe(true);
});
