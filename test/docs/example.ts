import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONTEXTS } from './contexts.ts';
import { type CodeBlock, readPages } from './markdown-page.ts';

/** Holds the examples as files while the tests run. Inside this package, so that they resolve its dependencies. */
export const EXAMPLES_FOLDER = join(dirname(fileURLToPath(import.meta.url)), '.examples');

/** A code block that is to be compiled, and the file it becomes. */
export interface Example {
  /** Where a reader finds it: `docs/guide/routing.md:12`. */
  readonly name: string;
  readonly block: CodeBlock;
  /** The path below the folder of sources. */
  readonly path: string;
  readonly source: string;
}

/** A block of JavaScript is an example twice: a reader may put it into a file of TypeScript. */
export function readExamples(): readonly Example[] {
  return readPages().flatMap(({ blocks }) =>
    blocks
      .filter(({ language, isApi, excerptOf }) => /^[tj]s$/.test(language) && !isApi && excerptOf === undefined)
      .map(toExample)
      .flatMap((example) => (example.block.language === 'js' ? [example, toTypeScript(example)] : [example])),
  );
}

function toExample(block: CodeBlock): Example {
  const folder = block.page.replaceAll('/', '__');
  const file = block.file ?? `line-${block.line}.${block.language}`;
  // One line in front, however many contexts: what is on line n + 1 of the file is on line n of the block.
  const context = block.contexts.map((name) => contextOf(name, block)).join(' ');
  return {
    name: `${block.page}:${block.line}`,
    block,
    path: `${folder}/${file}`,
    source: `${context} export {};\n${block.code}\n`,
  };
}

/** In another folder, as what is compiled of both has one name. */
function toTypeScript({ name, path, ...rest }: Example): Example {
  return { ...rest, name: `${name} as TypeScript`, path: `as-typescript/${path.replace(/\.js$/, '.ts')}` };
}

function contextOf(name: string, block: CodeBlock): string {
  const context = CONTEXTS[name];
  if (context === undefined)
    throw new Error(`${block.page}:${block.line} names the context "${name}", which contexts.ts does not have.`);
  return context;
}
