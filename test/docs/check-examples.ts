import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { HAS_REDIS, RedisServer } from '../../packages/redis/test/support/redis-server.ts';
import { EXAMPLES_FOLDER, readExamples } from './example.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** What TypeScript said, line by line. */
    readonly diagnostics: readonly string[];
    /** Of a Redis for those that need one, where it is installed. */
    readonly redisUrl: string | undefined;
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

/**
 * Writes all examples to one folder and compiles them in one go, before the tests look at each. Starts a Redis for
 * those that need one.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await rm(EXAMPLES_FOLDER, { recursive: true, force: true });
  for (const { path, source } of readExamples()) {
    const file = join(EXAMPLES_FOLDER, 'src', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, source);
  }
  await writeFile(join(EXAMPLES_FOLDER, 'tsconfig.json'), JSON.stringify(CONFIG));
  project.provide('diagnostics', compile());
  const redis = HAS_REDIS ? await RedisServer.start() : undefined;
  project.provide('redisUrl', redis?.url);
  return async () => {
    await redis?.[Symbol.asyncDispose]();
    await rm(EXAMPLES_FOLDER, { recursive: true, force: true });
  };
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
