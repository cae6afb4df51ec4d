import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HttpServer, type ServerOptions } from 'portlight';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SERVER_CONFIG } from '../../packages/portlight/src/config/server-options.ts';
import { MarkdownPage, REPOSITORY } from './markdown-page.ts';

const page = new MarkdownPage('docs/reference/options.md').text;

interface Row {
  readonly option: string;
  readonly cells: readonly string[];
}

const serverOptions = tableBelow('## Server options');
const routeOptions = tableBelow('## Route options');
const ranges = serverOptions.flatMap(({ option, cells }) => {
  const [, least, most] = /^([\d,]+) to ([\d,]+)$/.exec(cells[1] ?? '') ?? [];
  return least === undefined || most === undefined ? [] : [{ option, least: toNumber(least), most: toNumber(most) }];
});

test('the page lists exactly the options of a server', () => {
  expect(serverOptions.map(({ option }) => option)).toEqual(membersOf('config/server-options.ts', 'ServerOptions'));
});

test('the page lists exactly the options of a route', () => {
  expect(routeOptions.map(({ option }) => option)).toEqual(membersOf('config/route-options.ts', 'RouteOptions'));
});

test('the page lists exactly the options of files', () => {
  expect(tableBelow('## Options of files').map(({ option }) => option)).toEqual(
    membersOf('config/files-options.ts', 'FilesOptions'),
  );
});

test('the page lists exactly the options that run has besides', () => {
  expect(tableBelow('## Options of run').map(({ option }) => option)).toEqual(
    membersOf('http-server.ts', 'RunOptions'),
  );
});

describe('the default is the one the code has', () => {
  test.each(serverOptions)('$option', ({ option, cells }) => {
    const value = DEFAULT_SERVER_CONFIG[option as keyof ServerOptions];
    const listed = cells[0]?.replaceAll('`', '');
    expect(listed).toBe(
      typeof value === 'string'
        ? `'${value}'`
        : typeof value === 'number'
          ? withUnderscores(value)
          : String(value as boolean | undefined),
    );
  });
});

describe('the range is the one the code has', () => {
  test('there are ranges', () => {
    expect(ranges.length).toBeGreaterThan(5);
  });

  test.each(ranges)('$option from $least to $most', ({ option, least, most }) => {
    const give = (value: number) => () => new HttpServer('127.0.0.1', 0, { [option]: value });
    expect(give(least)).not.toThrow();
    expect(give(most)).not.toThrow();
    expect(give(least - 1)).toThrow(option);
    expect(give(most + 1)).toThrow(option);
  });
});

function tableBelow(heading: string): Row[] {
  const section = page.split(`${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` \|(.+)\|$/gm)];
  if (rows.length === 0) throw new Error(`There is no table below "${heading}".`);
  return rows.map(([, option = '', cells = '']) => ({ option, cells: cells.split('|').map((cell) => cell.trim()) }));
}

function membersOf(file: string, name: string): string[] {
  const source = readFileSync(join(REPOSITORY, 'packages/portlight/src', file), 'utf8');
  const body = new RegExp(`^export interface ${name} [^{]*\\{$([^]*?)^\\}$`, 'm').exec(source)?.[1] ?? '';
  const members = [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, member = '']) => member);
  if (members.length === 0) throw new Error(`${file} has no interface ${name} with options.`);
  return members;
}

function toNumber(text: string): number {
  return Number(text.replaceAll(',', ''));
}

/** As the source writes it: `10_000`. */
function withUnderscores(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, '_');
}
