import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export interface CodeBlock {
  /** The page's path in the repository. */
  readonly page: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** What `<!-- context: a, b -->` in front of it names. */
  readonly contexts: readonly string[];
  /** What `<!-- file: name -->` in front of it names. */
  readonly file: string | undefined;
  /** The file in `examples` whose lines it shows, as `<!-- excerpt: path -->` in front of it names it. */
  readonly excerptOf: string | undefined;
  /** Whether `<!-- api: names -->` in front of it says that it is written by what reads the code. */
  readonly isApi: boolean;
}

export interface Link {
  readonly line: number;
  readonly target: string;
}

/** One page of the documentation, read line by line; nothing inside a code block is a link or a heading. */
export class MarkdownPage {
  readonly path: string;
  readonly blocks: CodeBlock[] = [];
  readonly links: Link[] = [];
  /** What may follow a `#`, as GitHub makes it from the headings. */
  readonly anchors: Set<string> = new Set();
  readonly text: string;

  constructor(path: string) {
    this.path = path;
    this.text = readFileSync(join(REPOSITORY, path), 'utf8');
    this.#read(this.text.split('\n'));
  }

  #read(lines: readonly string[]): void {
    let comment = '';
    let cells: string | undefined;
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index] as string;
      const language = /^```(\w*)$/.exec(line)?.[1];
      if (language !== undefined) {
        const end = lines.indexOf('```', index + 1);
        if (end === -1) throw new Error(`${this.path}:${index + 1}: the code block has no end.`);
        this.blocks.push(this.#toBlock(language, lines.slice(index + 1, end), index + 2, comment));
        index = end;
      } else {
        this.#readProse(line, index + 1);
        cells = /^<!-- cells: (.+) -->$/.exec(line)?.[1] ?? (line.startsWith('|') ? cells : undefined);
        if (cells !== undefined) this.#readCells(line, index + 1, cells);
      }
      comment = line.startsWith('<!--') ? line : '';
    }
  }

  #toBlock(language: string, lines: readonly string[], line: number, comment: string): CodeBlock {
    const [, kind = '', value = ''] = /^<!-- (context|file|excerpt|(?:bare )?api): (.+) -->$/.exec(comment) ?? [];
    return {
      page: this.path,
      line,
      language,
      code: lines.join('\n'),
      contexts: kind === 'context' ? value.split(', ') : [],
      file: kind === 'file' ? value : undefined,
      excerptOf: kind === 'excerpt' ? value : undefined,
      isApi: kind.endsWith('api'),
    };
  }

  /** The code that a row's last cell begins with is a fragment. */
  #readCells(row: string, line: number, contexts: string): void {
    const last = row.split(/(?<!\\)\|/).at(-2) ?? '';
    const code = /^\s*`([^`]+)`/.exec(last)?.[1];
    if (code === undefined) return;
    this.blocks.push(this.#toBlock('ts', [code.replaceAll('\\|', '|')], line, `<!-- context: ${contexts} -->`));
  }

  #readProse(line: string, number: number): void {
    const heading = /^#+ (.+)$/.exec(line)?.[1];
    if (heading !== undefined) this.anchors.add(toAnchor(heading));
    const prose = line.replaceAll(/`[^`]*`/g, (code) => 'x'.repeat(code.length));
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) this.links.push({ line: number, target });
  }
}

function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

/** The pages whose examples and links are checked. */
export function readPages(): readonly MarkdownPage[] {
  const folders = ['docs', 'packages', 'test/docs'];
  const found = folders
    .flatMap((folder) => listMarkdown(join(REPOSITORY, folder)))
    .map((path) => relative(REPOSITORY, path));
  return ['README.md', ...found.sort()].map((path) => new MarkdownPage(path));
}

function listMarkdown(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|\..*)$/.test(entry.name) ? [] : listMarkdown(path);
    return entry.name.endsWith('.md') && entry.name !== 'CHANGELOG.md' ? [path] : [];
  });
}
