import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findLongLines } from './find-long-lines.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const FOREIGN = new Set(['node_modules', 'dist', '.examples', 'apps']);

const files = ['packages', 'examples', 'test'].flatMap((folder) => listSources(folder));

function listSources(folder: string): readonly string[] {
  return readdirSync(join(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return FOREIGN.has(entry.name) ? [] : listSources(path);
    return /\.[cm]?[jt]s$/.test(entry.name) ? [path] : [];
  });
}

test('no line of code or comment is over 120 characters', () => {
  expect(files.length).toBeGreaterThan(300);
  const long = files.flatMap((path) =>
    findLongLines(path, readFileSync(join(REPOSITORY, path), 'utf8')).map((line) => `${path}:${line}`),
  );
  expect(long).toEqual([]);
});

describe('the check itself', () => {
  const x = (count: number): string => 'x'.repeat(count);

  test.each([
    ['code', `const a = 1;\nconst ${x(113)} = 1;`, [2]],
    ['a comment', `// ${x(118)}`, [1]],
    ['a comment behind a string', `call('${x(50)}'); // ${x(110)}`, [1]],
    ['code beside a string', `const ${x(120)} = 'a';`, [1]],
  ])('finds %s', (_, source, lines) => {
    expect(findLongLines('a.ts', source)).toEqual(lines);
  });

  test.each([
    ['as long as it may be', `const ${x(109)} = 1;`],
    ['a string', `const a = '${x(120)}';`],
    ['a template', `const a = \`${x(120)}\${1}${x(120)}\n${x(130)}\`;`],
    ['a regular expression', `const a = /${x(120)}/;`],
    ['the type of a string', `type A = '${x(120)}';`],
  ])('lets %s be', (_, source) => {
    expect(findLongLines('a.ts', source)).toEqual([]);
  });
});
