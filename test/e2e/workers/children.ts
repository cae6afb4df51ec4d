import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { MODES, type Mode } from '../promises/modes.ts';
import type { App } from '../promises/app.ts';

export const IS_LONG: boolean = process.env['PORTLIGHT_LONG'] === '1';

/** The mode 'workers', with four children. */
export const WORKERS: Mode = { ...(MODES.find(({ name }) => name === 'workers') as Mode), serving: 4, children: 4 };

/** The children that have started so far, the first first. */
export function childrenOf(app: App): readonly number[] {
  return app.lines('hook worker-start').map((line) => Number(line.split(' ').at(-1)));
}

/** Resolves to the next child that starts. */
export function nextChild(app: App): Promise<number> {
  const { length } = childrenOf(app);
  return app.program.until(() => childrenOf(app)[length], 'that another child starts');
}

/** Whether a process runs; one that nobody has buried yet does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** What a process holds in memory, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const [, pages] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ');
  return Number(pages) * 4_096;
}
