import { describe, expect, inject, test } from 'vitest';
import { type Example, readExamples } from './example.ts';
import { readPages } from './markdown-page.ts';
import { runExample } from './run-example.ts';

const examples = readExamples();
const complete = examples.filter(({ block }) => block.contexts.length === 0);
const json = readPages().flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'json'));

test('there are examples of every kind', () => {
  expect(examples.some(({ block }) => block.page === 'README.md')).toBe(true);
  expect(examples.some(({ block }) => block.contexts.length > 0)).toBe(true);
  expect(examples.some(({ block }) => block.file !== undefined)).toBe(true);
  expect(complete.some(({ source }) => source.includes('await server.run('))).toBe(true);
  expect(complete.some(({ source }) => source.includes('await server.start('))).toBe(true);
  expect(examples.filter(({ block }) => block.page === 'docs/coming-from/hono.md').length).toBeGreaterThan(30);
  expect(json.length).toBeGreaterThan(0);
});

test('no two examples are one file', () => {
  const paths = examples.map(({ path }) => path);
  expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
});

describe('the types are right', () => {
  const diagnostics = inject('diagnostics');

  test.for(named(examples))('%s', ([, { path, block }]) => {
    const ofThis = diagnostics.filter((line) => line.startsWith(`src/${path}(`));
    expect(ofThis.map((line) => toPageLine(line, block.page, block.line))).toEqual([]);
  });

  test('and TypeScript says nothing else', () => {
    expect(diagnostics.filter((line) => !examples.some(({ path }) => line.startsWith(`src/${path}(`)))).toEqual([]);
  });
});

describe('the JSON is JSON', () => {
  test.for(json.map(({ page, line, code }) => [`${page}:${line}`, code] as const))('%s', ([, code]) => {
    expect(() => JSON.parse(code) as unknown).not.toThrow();
  });
});

describe.concurrent('the program runs and ends', () => {
  const redisUrl = inject('redisUrl');
  test.for(named(complete))('%s', async ([, example], { expect, skip }) => {
    skip(redisUrl === undefined && example.source.includes('REDIS_URL'), 'Redis is not installed.');
    const { status, code, stderr } = await runExample(example, { REDIS_URL: redisUrl });
    // In debug mode a server talks on stderr; else a program says where it listens, or that its server was never
    // started.
    const expected = /^\S+ (?:INFO Listening on \S+|WARN The program ends, and its server was never started; .*)\n/gm;
    if (!example.source.includes('.debug(')) expect(stderr.replace(expected, '')).toBe('');
    expect(code).toBe(0);
    if (example.source.includes('await server.run(')) expect(status).toBeLessThan(500);
  });
});

/** As test titles want them: of an object they would cut long names. */
function named(list: readonly Example[]): (readonly [string, Example])[] {
  return list.map((example) => [example.name, example]);
}

/** `src/…/line-12.ts(4,7): error …` as the page has it. The first line of an example is its context. */
function toPageLine(diagnostic: string, page: string, firstLine: number): string {
  return diagnostic.replace(
    /^[^(]+\((\d+),(\d+)\)/,
    (_, line: string, column: string) => `${page}:${Number(line) + firstLine - 2}:${column}`,
  );
}
