import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { type FakeChild, FakeChildren } from '../../src/testing/fake-children.ts';

async function started(size: number, maxSize: number, boot?: (child: FakeChild) => void) {
  const fakes = new FakeChildren(boot);
  const ended: string[] = [];
  const supervisor = new Supervisor(
    { size, maxSize, entry: 'app.js', onExit: ({ key }) => ended.push(key) },
    (command) => fakes.start(command),
  );
  await supervisor.start();
  return { supervisor, fakes, ended };
}

const idsOf = ({ workers }: Supervisor): readonly number[] => workers.map(({ id }) => id);

/** Resolves when the children are as many. */
async function settle(supervisor: Supervisor, ready: number): Promise<void> {
  while (supervisor.workers.length !== ready || supervisor.workers.some(({ state }) => state !== 'ready')) await turn();
}

describe('a supervisor that grows', () => {
  it('starts one more at a time, up to the most', async () => {
    const { supervisor } = await started(1, 3);
    expect([supervisor.grow(), supervisor.grow(), supervisor.grow()]).toEqual([true, true, false]);
    await settle(supervisor, 3);
    expect(idsOf(supervisor)).toEqual([1, 2, 3]);
    await supervisor.stop();
    expect(supervisor.grow()).toBe(false);
  });

  it('tells of those that are to come later because others failed', async () => {
    const { supervisor, fakes } = await started(1, 3);
    expect(supervisor.awaited).toBe(0);
    fakes.all[0]?.exit(1);
    while (supervisor.workers.length > 0) await turn();
    expect(supervisor.awaited).toBe(1);
    await settle(supervisor, 1);
    expect([supervisor.awaited, idsOf(supervisor)]).toEqual([0, [1]]);
    await supervisor.stop();
  });

  it('has no more than its size without a most', async () => {
    const { supervisor } = await started(2, 2);
    expect(supervisor.grow()).toBe(false);
    await supervisor.stop();
  });

  it('gives the seat of one that has finished to the next one', async () => {
    const { supervisor, ended } = await started(3, 3);
    const [, second] = supervisor.workers;
    supervisor.shrink(second as never);
    // The seat is taken until the process has ended.
    expect(supervisor.grow()).toBe(false);
    await settle(supervisor, 2);
    expect([ended, idsOf(supervisor)]).toEqual([['2.0'], [1, 3]]);
    expect(supervisor.grow()).toBe(true);
    await settle(supervisor, 3);
    expect(supervisor.workers.map(({ key }) => key)).toEqual(['1.0', '2.1', '3.0']);
    await supervisor.stop();
  });

  it('does not start another one in the place of one that is not needed, nor end one twice', async () => {
    const { supervisor, ended } = await started(2, 2);
    const [first] = supervisor.workers;
    supervisor.shrink(first as never);
    supervisor.shrink(first as never);
    await settle(supervisor, 1);
    await supervisor.reload();
    expect([ended, idsOf(supervisor)]).toEqual([['1.0', '2.0'], [2]]);
    await supervisor.stop();
  });

  it('has one finish that was not needed while another was to take its place, when that one fails', async () => {
    const { supervisor, fakes, ended } = await started(1, 2, ({ pid, primary }) => {
      if (pid === 1 || pid > 2) primary.ready();
    });
    const [old] = supervisor.workers;
    const replaced = supervisor.replace(old as never);
    while (fakes.all.length < 2) await turn();
    supervisor.shrink(old as never);
    expect(supervisor.workers.map(({ state }) => state)).toEqual(['ready', 'starting']);
    fakes.all[1]?.exit(1);
    await expect(replaced).rejects.toThrow();
    await settle(supervisor, 0);
    expect(ended).toEqual(['1.1', '1.0']);
    expect([supervisor.grow(), supervisor.grow(), supervisor.grow()]).toEqual([true, true, false]);
    await settle(supervisor, 2);
    await supervisor.stop();
  });

  it('leaves the seat of one that was not needed to the one that has taken its place', async () => {
    const { supervisor, fakes, ended } = await started(1, 1);
    const [old] = supervisor.workers;
    const replaced = supervisor.replace(old as never);
    while (fakes.all.length < 2) await turn();
    supervisor.shrink(old as never);
    await replaced;
    expect([ended, supervisor.grow()]).toEqual([['1.0'], false]);
    expect(supervisor.workers.map(({ key, state }) => [key, state])).toEqual([['1.1', 'ready']]);
    await supervisor.stop();
  });

  it('keeps the seat of one that crashes for the one that follows', async () => {
    const { supervisor, fakes } = await started(1, 1);
    fakes.all[0]?.exit(1);
    while (supervisor.workers.length > 0) await turn();
    expect(supervisor.grow()).toBe(false);
    await settle(supervisor, 1);
    expect(supervisor.workers.map(({ key, restarts }) => [key, restarts])).toEqual([['1.1', 1]]);
    await supervisor.stop();
  });

  it.each([0, 1.5, NaN, '2'])('refuses %s as its most', (maxSize) => {
    expect(() => new Supervisor({ size: 1, maxSize: maxSize as number })).toThrow(/maxSize/);
  });
});
