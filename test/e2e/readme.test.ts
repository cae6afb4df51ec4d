import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { RunningProgram } from './run-program.ts';

test('the first example of the README runs as it stands', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```(?:js|ts)\n([^]*?)```/.exec(readme) ?? [];
  expect(code).toContain("from 'portlight'");
  await using program = new RunningProgram([
    '--import',
    './fixtures/free-port.mjs',
    '--input-type=module',
    '--eval',
    code,
  ]);
  expect(await (await fetch(await program.url('/'))).text()).toBe('Hello, World!');
  expect(await (await fetch(await program.url('/users/7'))).json()).toEqual({ id: '7' });
  expect(await (await fetch(await program.url('/ping'))).text()).toBe('PONG');
  expect((await fetch(await program.url('/none'))).status).toBe(404);
  program.kill('SIGTERM');
  expect(await program.exit).toEqual({ code: 0, signal: null });
});
