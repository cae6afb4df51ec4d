import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { EXAMPLES_FOLDER, readExamples } from './example.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** What TypeScript said, line by line. */
    readonly diagnostics: readonly string[];
  }
}

const CONFIG = {
  extends: '../../../tsconfig.base.json',
  compilerOptions: {
    rootDir: 'src',
    outDir: 'out',
    allowJs: true,
    checkJs: true,
    composite: false,
    declaration: false,
    isolatedDeclarations: false,
    // A fragment need not use all of its context.
    noUnusedLocals: false,
    noUnusedParameters: false,
  },
  include: ['src'],
};

/** Writes all examples to one folder and compiles them in one go, before the tests look at each. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await rm(EXAMPLES_FOLDER, { recursive: true, force: true });
  for (const { path, source } of readExamples()) {
    const file = join(EXAMPLES_FOLDER, 'src', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, source);
  }
  await writeFile(join(EXAMPLES_FOLDER, 'tsconfig.json'), JSON.stringify(CONFIG));
  project.provide('diagnostics', compile());
  return () => rm(EXAMPLES_FOLDER, { recursive: true, force: true });
}

function compile(): string[] {
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  const args = [join(typescript, 'bin/tsc'), '-p', '.', '--pretty', 'false'];
  const { stdout, stderr, status, error } = spawnSync(process.execPath, args, {
    cwd: EXAMPLES_FOLDER,
    encoding: 'utf8',
  });
  if (status !== 0 && stdout === '') throw new Error(`TypeScript did not run: ${stderr}`, { cause: error });
  return stdout.split('\n').filter((line) => line !== '');
}
