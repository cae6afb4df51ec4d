import { describe, expect, test } from 'vitest';
import { runFixture } from './run-program.ts';

describe.concurrent('a process that runs a server', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('ends with 0 after %s, and the code after run has run', async (signal) => {
    await using program = runFixture('serve');
    expect(await (await fetch(await program.url())).text()).toBe('Hello');
    program.kill(signal);
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.output).toMatch(new RegExp(`hook\n[^]*after run: ${signal}, 0 forced\n$`));
  });

  test('answers what is under way before it ends', async () => {
    await using program = runFixture('serve');
    const answer = fetch(await program.url('/slow'));
    await program.said('slow begun');
    program.kill('SIGTERM');
    const response = await answer;
    expect([response.headers.get('connection'), await response.text()]).toEqual(['close', 'slow answer']);
    expect(await program.exit).toEqual({ code: 0, signal: null });
  });

  test('ends with 1 when something had to be forced', async () => {
    await using program = runFixture('serve', '{"drainTimeoutMs":100}');
    const answer = fetch(await program.url('/hang')).catch(() => 'cut');
    await program.said('hang begun');
    program.kill('SIGTERM');
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.output).toContain('after run: SIGTERM, 1 forced');
    expect(await answer).toBe('cut');
  });

  test.each([
    ['SIGINT', 'SIGINT'],
    ['SIGTERM', 'SIGINT'],
  ] as const)('ends at once with 1 when %s is followed by %s', async (first, second) => {
    await using program = runFixture('serve');
    const answer = fetch(await program.url('/hang')).catch(() => 'cut');
    await program.said('hang begun');
    program.kill(first);
    await program.said('Stopping.');
    program.kill(second);
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.output).not.toContain('after run');
    expect(await answer).toBe('cut');
  });

  test('ends by itself with 0 after a shutdown, the code after run having run', async () => {
    await using program = runFixture('serve');
    expect(await (await fetch(await program.url('/stop'))).text()).toBe('bye');
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.output).toContain('after run: shutdown, 0 forced');
  });

  test('ends though a timer was forgotten, with 0', async () => {
    await using program = runFixture('forgotten-interval');
    await program.url();
    program.kill('SIGTERM');
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.output).toContain('after run');
  });

  test('stops when it was told so during its start', async () => {
    await using program = runFixture('slow-start');
    await program.said('starting');
    program.kill('SIGTERM');
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.output).toBe('starting\nhook\nafter run: SIGTERM\n');
  });

  test('ends with 1 when its start hangs', async () => {
    await using program = runFixture('hanging-start');
    await program.said('starting');
    program.kill('SIGTERM');
    expect(await program.exit).toEqual({ code: 1, signal: null });
    expect(program.output).toBe('starting\nafter run: SIGTERM, 1 forced, listening: false\n');
  });
});
