import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MarkdownPage, REPOSITORY } from './markdown-page.ts';

const page = new MarkdownPage('docs/errors.md').text;
const source = readFileSync(join(REPOSITORY, 'packages/portlight/src/errors/error-code.ts'), 'utf8');
const codes = [...source.matchAll(/^ {2}\| '(ERR_PORTLIGHT_\w+)'/gm)].map(([, code = '']) => code);

test('there are codes', () => {
  expect(codes).toContain('ERR_PORTLIGHT_NOT_FOUND');
});

test('the table lists every code, in the order of the source', () => {
  const listed = [...page.matchAll(/^\| \[`(ERR_PORTLIGHT_\w+)`\]/gm)].map(([, code]) => code);
  expect(listed).toEqual(codes);
});

test('a section explains every code, in the order of the source', () => {
  const explained = [...page.matchAll(/^### (ERR_PORTLIGHT_\w+)$/gm)].map(([, code]) => code);
  expect(explained).toEqual(codes);
});

describe('each section says all there is to say', () => {
  test.each(codes)('%s', (code) => {
    const section = page.split(`### ${code}\n`)[1]?.split('\n#')[0] ?? '';
    for (const part of ['Meaning', 'Cause', 'Remedy', 'Seen by']) expect(section).toContain(`- **${part}**: `);
  });
});
