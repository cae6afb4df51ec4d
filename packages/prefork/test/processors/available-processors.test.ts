import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { availableProcessors } from '../../src/processors/available-processors.ts';
import { cgroupQuota } from '../../src/processors/cgroup-quota.ts';

const roots: string[] = [];

/** A file system that has these files. */
function quotaOf(files: Readonly<Record<string, string>>): number {
  const root = mkdtempSync(join(tmpdir(), 'prefork-cgroup-'));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return cgroupQuota(root);
}

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

const unified = (root = '/'): string =>
  `25 30 0:23 / /proc rw - proc proc rw\n31 24 0:27 ${root} /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n`;
const legacy = (root = '/'): string =>
  `35 31 0:31 ${root} /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n` +
  `36 31 0:32 ${root} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n`;

describe('the quota of control groups', () => {
  it('of version 2', () => {
    const files = { 'proc/self/mountinfo': unified(), 'proc/self/cgroup': '0::/\n' };
    expect(quotaOf({ ...files, 'sys/fs/cgroup/cpu.max': '150000 100000\n' })).toBe(1.5);
    expect(quotaOf({ ...files, 'sys/fs/cgroup/cpu.max': '400000 200000\n' })).toBe(2);
    expect(quotaOf({ ...files, 'sys/fs/cgroup/cpu.max': 'max 100000\n' })).toBe(Infinity);
    expect(quotaOf(files)).toBe(Infinity);
  });

  it('is the smallest of a group and those around it', () => {
    const nested = (inner: string, outer: string): number =>
      quotaOf({
        'proc/self/mountinfo': unified(),
        'proc/self/cgroup': '0::/kubepods/pod1/app\n',
        'sys/fs/cgroup/kubepods/cpu.max': outer,
        'sys/fs/cgroup/kubepods/pod1/cpu.max': 'max 100000',
        'sys/fs/cgroup/kubepods/pod1/app/cpu.max': inner,
      });
    expect(nested('300000 100000', '800000 100000')).toBe(3);
    expect(nested('max 100000', '200000 100000')).toBe(2);
    expect(nested('800000 100000', '200000 100000')).toBe(2);
  });

  it('of version 1', () => {
    const files = {
      'proc/self/mountinfo': legacy(),
      'proc/self/cgroup': '9:cpuset:/elsewhere\n4:cpu,cpuacct:/app\n0::/\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      'sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us': '50000\n',
    };
    expect(quotaOf({ ...files, 'sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us': '100000\n' })).toBe(2);
    expect(quotaOf({ ...files, 'sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us': '-1\n' })).toBe(Infinity);
  });

  it('is found where a container sees its own group as the outermost, and its path outside', () => {
    expect(
      quotaOf({
        'proc/self/mountinfo': legacy('/docker/abc'),
        'proc/self/cgroup': '4:cpu,cpuacct:/docker/abc\n',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '50000\n',
        'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      }),
    ).toBe(0.5);
    expect(
      quotaOf({
        'proc/self/mountinfo': unified('/docker/abc'),
        'proc/self/cgroup': '0::/docker/abc/inner\n',
        'sys/fs/cgroup/inner/cpu.max': '100000 100000',
      }),
    ).toBe(1);
    expect(
      quotaOf({
        'proc/self/mountinfo': unified(),
        'proc/self/cgroup': '0::/../../outside\n',
        'sys/fs/cgroup/cpu.max': '100000 100000',
      }),
    ).toBe(1);
  });

  it('is none where there are no groups, or what they say is not understood', () => {
    expect(quotaOf({})).toBe(Infinity);
    const files = { 'proc/self/mountinfo': unified(), 'proc/self/cgroup': '0::/\nnonsense\n' };
    for (const text of ['', 'nonsense', '0 100000', '100000 0', '100000'])
      expect(quotaOf({ ...files, 'sys/fs/cgroup/cpu.max': text })).toBe(Infinity);
  });
});

describe('available processors', () => {
  it('are at least one, whole, and no more than there are', () => {
    const count = availableProcessors();
    expect(Number.isInteger(count)).toBe(true);
    expect(count).toBeGreaterThanOrEqual(1);
    expect(count).toBeLessThanOrEqual(availableParallelism());
  });
});
