import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { RunningProgram } from './run-program.ts';

const FILE = 'fixtures/typed-workers.ts';
const TSX = createRequire(import.meta.url).resolve('tsx/cli');

describe.each(['workers', 'forked'])("children of a file in TypeScript, in the mode '%s',", (mode) => {
  test.each([
    ['node --import tsx', ['--import', 'tsx', FILE]],
    ['tsx', [TSX, FILE]],
  ])('run as their primary does, by %s, and end with it', async (_how, args) => {
    await using app = new RunningProgram(args, { MODE: mode });
    const url = await app.url();
    const primary = Number((await app.said(/listening \d+ of (\d+)/))[1]);
    const { greeting, pid } = (await (await fetch(url)).json()) as { greeting: string; pid: number };
    expect(greeting).toBe('Hello');
    expect(pid).not.toBe(primary);
    expect(app.output).toContain(`child ${pid}\n`);
    app.kill('SIGTERM');
    expect(await app.exit).toEqual({ code: 0, signal: null });
    expect(app.output).toContain(`ended ${primary}\n`);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
