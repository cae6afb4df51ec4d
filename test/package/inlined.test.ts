import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { parseSync } from 'oxc-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pack, unpack } from './pack.ts';

/** As the build names its sources in the code: the folders of pnpm, and those of this repository. */
const PNPM_FOLDER = /^\s*\/\/ .*\/node_modules\/\.pnpm\/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const OWN_FOLDER = /^\s*\/\/ \.\.\/([a-z.-]+)\/src\//;
const FILES = ['index.js', 'shared.js', 'testing.js'] as const;

let folder: string;
let manifest: {
  readonly name: string;
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
};
let code: Readonly<Record<(typeof FILES)[number], string>>;
/** The names of the packages whose code is in the files. */
let inlined: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portlight-inlined-'));
  const into = join(folder, 'portlight');
  await mkdir(into);
  await unpack((await pack(folder)).tarball, into);
  manifest = JSON.parse(await read('package.json')) as typeof manifest;
  code = {
    'index.js': await read('dist/index.js'),
    'shared.js': await read('dist/shared.js'),
    'testing.js': await read('dist/testing.js'),
  };
  const lines = Object.values(code).flatMap((text) => text.split('\n'));
  const names = lines.map(
    (line) =>
      PNPM_FOLDER.exec(line)?.[1] ?? (OWN_FOLDER.test(line) ? `@portlight/${OWN_FOLDER.exec(line)?.[1]}` : undefined),
  );
  inlined = [...new Set(names.filter((name) => name !== undefined))].toSorted();
});

afterAll(() => rm(folder, { recursive: true }));

function read(path: string): Promise<string> {
  return readFile(join(folder, 'portlight', path), 'utf8');
}

describe('the published code', () => {
  test('holds libraries', () => {
    expect(inlined).toEqual(
      expect.arrayContaining(['@fastify/busboy', '@portlight/rate-limit', 'cookie', 'ws', 'zod']),
    );
  });

  test.each(FILES)(
    '%s asks for nothing but files beside it and built-in modules, by no import that waits and no require',
    (file) => {
      const { module } = parseSync(file, code[file]);
      for (const { moduleRequest } of [
        ...module.staticImports,
        ...module.staticExports.flatMap(({ entries }) => entries),
      ]) {
        if (moduleRequest) expect(moduleRequest.value).toMatch(/^(?:node:[a-z_/]+|\.\/shared\.js)$/);
      }
      expect(module.dynamicImports).toEqual([]);
      expect(code[file]).not.toMatch(/createRequire|__require|import\.meta|[^.\w]require\(/);
    },
  );

  test('is all ASCII', () => {
    for (const file of FILES) expect(code[file]).toMatch(/^[\x00-\x7f]*$/);
  });

  test('is of packages that are pinned as dependencies for development, and asks for nothing but types to be installed', () => {
    expect(Object.keys(manifest.devDependencies)).toEqual(expect.arrayContaining([...inlined]));
    expect(Object.keys(manifest.dependencies)).toEqual(['@standard-schema/spec', '@types/node']);
  });
});

describe('the bill of materials', () => {
  interface Component {
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly licenses: readonly { readonly license: { readonly id: string } }[];
  }
  interface Bom {
    readonly metadata: { readonly component: Component };
    readonly components: readonly Component[];
    readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  }
  let text: string;
  let bom: Bom;

  beforeAll(async () => {
    text = await read('dist/portlight.cdx.json');
    bom = JSON.parse(text) as Bom;
  });

  test('is valid CycloneDX', async () => {
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBe(null);
  });

  test('names exactly what is inlined, with the versions that are installed', async () => {
    const versions = await Promise.all(
      inlined.map(
        async (name) =>
          (
            JSON.parse(
              await readFile(
                new URL(`../../packages/portlight/node_modules/${name}/package.json`, import.meta.url),
                'utf8',
              ),
            ) as { version: string }
          ).version,
      ),
    );
    const listed = bom.components.map(
      ({ group, name, version }) => `${group === undefined ? '' : `${group}/`}${name}@${version}`,
    );
    expect(listed.toSorted()).toEqual(inlined.map((name, index) => `${name}@${versions[index]}`).toSorted());
  });

  test('says of each what scanners look for, and that it is part of this version', () => {
    const { component } = bom.metadata;
    expect([component.name, component.version]).toEqual([manifest.name, manifest.version]);
    for (const { group, name, version, purl, licenses } of bom.components) {
      expect(purl).toBe(`pkg:npm/${group === undefined ? '' : `%40${group.slice(1)}/`}${name}@${version}`);
      expect(licenses).toEqual([{ license: { id: 'MIT' } }]);
    }
    expect(bom.dependencies.find(({ ref }) => ref === component.purl)?.dependsOn?.toSorted()).toEqual(
      bom.components.map(({ purl }) => purl).toSorted(),
    );
  });
});

test('the licences are those of exactly what is inlined', async () => {
  const licences = await read('dist/THIRD-PARTY-LICENSES.txt');
  const parts = licences.split(`${'-'.repeat(80)}\n\n`);
  const names = parts.map((part) => /^(\S+) \d+\.\d+\.\d+ \(MIT\)\n\n/.exec(part)?.[1] ?? part);
  expect(names.toSorted()).toEqual([...inlined]);
  for (const part of parts) expect(part).toMatch(/Copyright[^]*Permission is hereby granted/);
  expect(parts.find((part) => part.startsWith('@fastify/busboy'))?.match(/Permission is hereby granted/g)).toHaveLength(
    2,
  );
});
