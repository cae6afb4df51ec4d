import { formatDeclaration } from './format-declaration.ts';
import type { ExportedName, Exports } from './read-exports.ts';

/** What a block holds; `bare` where another page says the sentences. */
const BLOCK = /^<!-- (api|bare api): (.+) -->\n```ts\n[^]*?^```\n/gm;

/**
 * The page with every block of declarations as the code has it. Headings, sentences, and which names stand together in
 * which order, are left as they were written by hand; what is exported and in no block comes at the end of its entry's
 * section, and what is no longer exported goes.
 */
export function renderApiPage(page: string, entries: Exports['entries']): string {
  const [head = '', ...sections] = page.split(/^(?=## )/m);
  const missing = [...entries.keys()].filter((entry) => sections.every((section) => entryOf(section) !== entry));
  const all = [...sections, ...missing.map((entry) => `## \`${entry}\`\n`)];
  return [head, ...all.map((section) => renderSection(section, entries.get(entryOf(section) ?? '')))].join('');
}

function entryOf(section: string): string | undefined {
  return /^## `(.+)`$/m.exec(section)?.[1];
}

function renderSection(section: string, names: readonly ExportedName[] | undefined): string {
  if (names === undefined) return section;
  const left = new Map(names.map((each) => [each.name, each]));
  const take = (name: string): readonly ExportedName[] => {
    const found = left.get(name);
    left.delete(name);
    return found === undefined ? [] : [found];
  };
  const text = section.replaceAll(BLOCK, (_, kind: string, listed: string) =>
    renderBlock(kind, listed.split(', ').flatMap(take)),
  );
  const rest = [...left.values()].map((each) => `\n${renderBlock('api', [each])}`).join('');
  return rest === '' ? text : `${text.trimEnd()}\n${rest}\n`;
}

function renderBlock(kind: string, names: readonly ExportedName[]): string {
  if (names.length === 0) return '';
  const list = names.map(({ name }) => name).join(', ');
  const declarations = names.map((each) => formatDeclaration(each, kind === 'bare api'));
  return `<!-- ${kind}: ${list} -->\n\`\`\`ts\n${joinDeclarations(declarations)}\n\`\`\`\n`;
}

/** One that takes several lines has an empty one on either side. */
function joinDeclarations(declarations: readonly (readonly string[])[]): string {
  let text = '';
  for (const [index, lines] of declarations.entries()) {
    const isApart = lines.length > 1 || (declarations[index - 1]?.length ?? 0) > 1;
    text += `${index === 0 ? '' : isApart ? '\n\n' : '\n'}${lines.join('\n')}`;
  }
  return text;
}
