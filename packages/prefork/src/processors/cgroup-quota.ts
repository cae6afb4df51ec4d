import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A tree of groups, and where in it this process is. */
interface Hierarchy {
  /** Where the files of the group at the mount's root are. */
  readonly mountPoint: string;
  /** Of the process's group below it: `''` or `/a/b`. */
  readonly path: string;
  /** Processors that a group allows; `Infinity` for all. */
  readonly quotaOf: (folder: string) => number;
}

/**
 * The smallest quota of the group of this process and of those around it, in processors; `Infinity` where there is
 * none.
 *
 * Both versions of control groups are read, as the kernel shows them in `/proc/self`. (Kernel documentation,
 * admin-guide/cgroup-v2, "CPU Interface Files"; scheduler/sched-bwc.)
 *
 * @param root of the file system, `/`
 */
export function cgroupQuota(root: string): number {
  const quotas = readHierarchies(root).flatMap(({ mountPoint, path, quotaOf }) =>
    foldersFrom(join(root, mountPoint), path).map(quotaOf),
  );
  return Math.min(Infinity, ...quotas);
}

function readHierarchies(root: string): readonly Hierarchy[] {
  const mounts = readLines(join(root, '/proc/self/mountinfo')).flatMap(parseMount);
  return readLines(join(root, '/proc/self/cgroup')).flatMap((line) => {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const isUnified = names === '';
    if (!isUnified && !names.split(',').includes('cpu')) return [];
    const mount = mounts.find((mount) => (isUnified ? mount.type === 'cgroup2' : mount.options.includes('cpu')));
    if (mount === undefined) return [];
    return [
      { mountPoint: mount.point, path: pathBelow(mount.root, path), quotaOf: isUnified ? unifiedQuota : cfsQuota },
    ];
  });
}

interface Mount {
  /** The group that is seen at the mount point. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** A line of mountinfo: `31 23 0:28 /root /point rw,relatime shared:1 - type source options`. (proc(5)) */
function parseMount(line: string): readonly Mount[] {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root = '', point = ''] = before.split(' ').map(unescape);
  const [type = '', , options = ''] = after.split(' ');
  return type.startsWith('cgroup') ? [{ root, point, type, options: options.split(',') }] : [];
}

/** Spaces and the like stand as three octal digits. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** A container sees its own group as the mount's root, and may or may not be told of its path outside. */
function pathBelow(root: string, path: string): string {
  if (root === '/') return path === '/' || path.startsWith('/..') ? '' : path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : '';
}

/** From the group of the process to the mount point. */
function foldersFrom(mountPoint: string, path: string): readonly string[] {
  const names = path.split('/').filter((name) => name !== '');
  return Array.from({ length: names.length + 1 }, (_, depth) => join(mountPoint, ...names.slice(0, depth)));
}

/** `cpu.max` is `max 100000`, or microseconds and in how many. The outermost group has none. */
function unifiedQuota(folder: string): number {
  const [quota = '', period = ''] = (readLines(join(folder, 'cpu.max'))[0] ?? '').split(' ');
  return processors(quota, period);
}

/** -1 is no quota. */
function cfsQuota(folder: string): number {
  const [quota = ''] = readLines(join(folder, 'cpu.cfs_quota_us'));
  const [period = ''] = readLines(join(folder, 'cpu.cfs_period_us'));
  return processors(quota, period);
}

function processors(quota: string, period: string): number {
  const count = Number(quota) / Number(period);
  return count > 0 ? count : Infinity;
}

/** None where there is no such file: on other systems, and without control groups. */
function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}
