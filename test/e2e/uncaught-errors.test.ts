import { describe, expect, test } from 'vitest';
import { runFixture } from './run-program.ts';

describe.concurrent('an error that nothing caught', () => {
  test.each([
    ['/throw', 'thrown for the test'],
    ['/reject', 'rejected for the test'],
  ])('%s is logged, and the process drains and ends with 1', async (path, message) => {
    await using program = runFixture('serve');
    const slow = fetch(await program.url('/slow'));
    await program.said('slow begun');
    expect(await (await fetch(await program.url(path))).text()).toBe('soon');
    expect(await (await slow).text()).toBe('slow answer');
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.output).toContain(message);
    expect(program.output).toContain('after run: uncaught, 0 forced');
  });

  test('is none where nobody reads the log any more', async () => {
    await using program = runFixture('readable-log');
    const url = await program.url();
    program.process.stderr?.destroy();
    for (let count = 0; count < 3; count++) expect(await (await fetch(url)).text()).toBe('Hello');
    program.kill('SIGTERM');
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.output).toContain('after run: SIGTERM, 0 forced');
  });

  test("is the app's own affair where onUncaught says 'ignore'", async () => {
    await using program = runFixture('own-errors');
    await fetch(await program.url('/throw'));
    await program.said('mine: thrown for the test');
    expect((await fetch(await program.url())).status).toBe(200);
    program.kill('SIGTERM');
    expect(await program.exit).toEqual({ code: 0, signal: null });
  });
});
