import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkLayers } from './check-layers.ts';
import { LEVELS } from './levels.ts';
import { readImports } from './read-imports.ts';

const PACKAGES = fileURLToPath(new URL('../../packages/', import.meta.url));

function readSource(folder: string): ReadonlyMap<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /\.[cm]?[jt]s$/.test(path));
  return new Map(paths.map((path) => [path.replaceAll(sep, '/'), readFileSync(join(folder, path), 'utf8')]));
}

const packages = readdirSync(PACKAGES).filter((name) => existsSync(join(PACKAGES, name, 'src')));

describe('the imports of', () => {
  test.each(packages)('%s flow inward', (name) => {
    expect(checkLayers(LEVELS[name] ?? [], readSource(join(PACKAGES, name, 'src')))).toEqual([]);
  });
});

describe('the check itself', () => {
  const levels = [
    ['errors/'],
    ['fields/', 'defaults.ts', 'log.ts'],
    ['config/'],
    ['routing/', 'ports/'],
    ['socket/'],
    ['runners/'],
    ['index.ts'],
  ];
  const tree = {
    'errors/http-error.ts': 'export class HttpError extends Error {}',
    'errors/status-title.ts': '',
    'fields/cookie.ts': "import { parse } from 'cookie';",
    'fields/host.ts': "import { HttpError } from '../errors/http-error.ts'; import { parse } from './cookie.ts';",
    'defaults.ts': '',
    'log.ts': "import './defaults.ts'; import { inspect } from 'node:util';",
    'index.ts': "export * from './fields/host.ts'; export type { Server } from 'node:net';",
  };
  const check = (more: Readonly<Record<string, string>>): readonly string[] =>
    checkLayers(levels, new Map(Object.entries({ ...tree, ...more })));

  test('lets a file import its own folder, lower levels and the packages it owns', () => {
    expect(check({})).toEqual([]);
  });

  test.each([
    ['an import', "import { parse } from '../fields/cookie.ts';"],
    ['an import of a type', "import type { parse } from '../fields/cookie.ts';"],
    ['an import for its effects', "import '../fields/cookie.ts';"],
    ['an export', "export { parse } from '../fields/cookie.ts';"],
    ['an export of everything', "export * from '../fields/cookie.ts';"],
    ['an import in code', "const cookie = await import('../fields/cookie.ts');"],
    ['an import in a type', "type Cookie = typeof import('../fields/cookie.ts');"],
    ['a require', "createRequire(import.meta.url)('../fields/cookie.ts');"],
  ])('refuses %s that goes upward', (_, source) => {
    expect(check({ 'errors/bad.ts': source })).toEqual([
      'errors/bad.ts (level 0) imports ../fields/cookie.ts of level 1, which is above it.',
    ]);
  });

  test.each<[what: string, path: string, source: string, violation: string]>([
    [
      'a folder on the same level',
      'fields/bad.ts',
      "import '../log.ts';",
      'fields/bad.ts (level 1) imports ../log.ts of another folder on its own level.',
    ],
    [
      'a file that is not there',
      'log.ts',
      "import './nowhere.ts';",
      'log.ts (level 1) imports ./nowhere.ts, which is no file of this package.',
    ],
    [
      'a file outside',
      'log.ts',
      "import '../package.json';",
      'log.ts (level 1) imports ../package.json, which is no file of this package.',
    ],
    ['an unlisted folder', 'misc/bad.ts', '', 'misc/bad.ts has no level: add its folder or file to levels.ts.'],
    ['an unlisted file', 'misc.ts', '', 'misc.ts has no level: add its folder or file to levels.ts.'],
    [
      'an unlisted package',
      'log.ts',
      "import 'left-pad';",
      'log.ts (level 1) imports left-pad, which has no owner: add it to levels.ts.',
    ],
    [
      'a package of another folder',
      'log.ts',
      "import { z } from 'zod/mini';",
      'log.ts (level 1) imports zod/mini, which belongs to config/',
    ],
    [
      'a required package of another folder',
      'log.ts',
      "const load = createRequire(import.meta.url); load('zod');",
      'log.ts (level 1) imports zod, which belongs to config/',
    ],
    [
      'types of a package below its owner',
      'log.ts',
      "import type { z } from 'zod';",
      'log.ts (level 1) imports zod, which belongs to config/',
    ],
    [
      'values of a package above its owner',
      'index.ts',
      "import { createServer } from 'node:http';",
      'index.ts (level 6) imports node:http, which belongs to socket/',
    ],
    [
      'a built-in module of another folder',
      'log.ts',
      "const http = process.getBuiltinModule('node:http');",
      'log.ts (level 1) imports node:http, which belongs to socket/',
    ],
    [
      'a module of Node without its prefix',
      'log.ts',
      "import { connect } from 'net';",
      'log.ts (level 1) imports net, which belongs to ports/',
    ],
    [
      'more than the free names',
      'log.ts',
      "import { connect, isIP } from 'node:net';",
      'log.ts (level 1) imports node:net, which belongs to ports/',
    ],
  ])('refuses %s', (_, path, source, violation) => {
    expect(check({ [path]: source })).toEqual([violation]);
  });

  test('lets everybody import a free name', () => {
    expect(check({ 'log.ts': "import { isIP } from 'node:net';" })).toEqual([]);
  });

  test('refuses to have read nothing', () => {
    expect(checkLayers(levels, new Map())).toEqual(['No import was read, so nothing was checked.']);
    expect(checkLayers(levels, new Map([['log.ts', 'export const a = 1;']]))).toEqual([
      'No import was read, so nothing was checked.',
    ]);
    expect(packages).toContain('portlight');
  });

  test.each([
    ['what cannot be parsed', 'import {'],
    ['a name that is not written out', 'await import(name);'],
    ['a required name that is not written out', 'require(name);'],
    ['a require that is handed on', 'keep(createRequire(import.meta.url));'],
  ])('refuses %s', (_, source) => {
    expect(() => readImports('bad.ts', source)).toThrow(/^bad\.ts /);
  });
});
