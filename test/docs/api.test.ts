import { join } from 'node:path';
import ts from 'typescript59';
import { describe, expect, test } from 'vitest';
import { findInnerNames } from './api/find-inner-names.ts';
import { type ExportedName, readExports } from './api/read-exports.ts';
import { renderApiPage } from './api/render-api-page.ts';
import { MarkdownPage, REPOSITORY } from './markdown-page.ts';

const PATH = 'docs/reference/api.md';
const { entries, checker } = readExports();

test(`${PATH} has the signatures of the code; \`pnpm docs:api\` writes them`, async () => {
  const page = renderApiPage(new MarkdownPage(PATH).text, entries);
  await expect(page).toMatchFileSnapshot(join(REPOSITORY, PATH));
});

test('no class and no interface shows what only the house can use', () => {
  expect(findInnerNames([...entries.values()].flat(), checker)).toEqual([]);
});

describe('of a page, what is written anew', () => {
  const exports = new Map([['box', [declare('export type Size = number;'), declare('export type Colour = string;')]]]);
  const page = (block: string): string => `# API\n\n## \`box\`\n\n### By hand\n\n${block}\nA sentence.\n`;

  test('is the declarations, and neither headings nor sentences', () => {
    const old = '<!-- api: Size, Gone, Colour -->\n```ts\ntype Size = string;\n```\n';
    const block = '<!-- api: Size, Colour -->\n```ts\ntype Size = number;\ntype Colour = string;\n```\n';
    expect(renderApiPage(page(old), exports)).toBe(page(block));
  });

  test('is what the page does not have yet, at the end', () => {
    const block = (line: string): string =>
      `<!-- api: ${/\w+(?= =)/.exec(line)?.[0] ?? ''} -->\n\`\`\`ts\n${line}\n\`\`\`\n`;
    const [size, colour] = [block('type Size = number;'), block('type Colour = string;')];
    expect(renderApiPage(page(size), exports)).toBe(`${page(size)}\n${colour}\n`);
    expect(renderApiPage('# API\n\n', exports)).toBe(`# API\n\n## \`box\`\n\n${size}\n${colour}\n`);
  });
});

function declare(code: string): ExportedName {
  const source = ts.createSourceFile('box.d.ts', code, ts.ScriptTarget.Latest, true);
  const declaration = source.statements[0] as ts.TypeAliasDeclaration;
  return { name: declaration.name.text, isType: true, declarations: [declaration] };
}
