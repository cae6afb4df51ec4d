// A file that says which process serves. It is there from one moment to the next, whole, and for one process only.
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Another process serves by the file. */
export class AlreadyRuns extends Error {}

/** @returns {{ pid: number, began: string } | undefined} who serves by the file, if that process still lives */
export function readPidFile(file) {
  const [pid = '', began = ''] = readIfThere(file).trim().split(' ');
  if (!/^[1-9]\d*$/.test(pid)) return undefined;
  const owner = { pid: Number(pid), began };
  return isAlive(owner) ? owner : undefined;
}

/** Takes the file for this process, from one that has ended as well. Throws where another one serves. */
export function takePidFile(file) {
  const whole = `${file}.${process.pid}`;
  writeFileSync(whole, `${process.pid} ${beganAt(process.pid)}\n`);
  try {
    const owner = readPidFile(file);
    if (owner !== undefined) throw new AlreadyRuns(`It runs already, as process ${owner.pid}.`);
    rmSync(file, { force: true });
    linkSync(whole, file); // Fails where somebody else was faster.
  } finally {
    rmSync(whole, { force: true });
  }
}

/** Removes the file, if it is this process's own. */
export function leavePidFile(file) {
  if (readPidFile(file)?.pid === process.pid) rmSync(file, { force: true });
}

/** Whether it lives, and is the process that wrote the file: pids are given out again. */
export function isAlive({ pid, began }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return false;
  }
  return began === beganAt(pid);
}

/** When a process began, as Linux counts it; `''` where the system does not say, and for one that has ended. */
function beganAt(pid) {
  const afterName = readIfThere(`/proc/${pid}/stat`).split(') ').at(-1).split(' ');
  return afterName[0] === 'Z' ? '' : (afterName[19] ?? '');
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
