import { readdir, readFile, readlink, stat } from 'node:fs/promises';

/** A process that listens on a port. */
export interface PortHolder {
  readonly pid: number;
  /** Its command line, or its name where that cannot be read. */
  readonly command: string;
  readonly uid: number;
  /**
   * When it started, in ticks since the boot: with the pid it names one process for good, which a pid alone does not.
   */
  readonly startedAt: string;
}

const LISTEN = '0A';
const ENTRY = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) (?:\S+ ){3}\s*\d+\s+\d+ (\d+)/;

/**
 * Who listens on a TCP port, IPv4 or IPv6, on whatever address. Nobody where it cannot be known: on other systems than
 * Linux, or when it is a process of another user or container. Asks /proc, no other program.
 */
export async function findPortHolders(port: number): Promise<readonly PortHolder[]> {
  const inodes = new Set([
    ...(await listeningInodes('/proc/net/tcp', port)),
    ...(await listeningInodes('/proc/net/tcp6', port)),
  ]);
  if (inodes.size === 0) return [];
  const holders: PortHolder[] = [];
  for (const entry of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(entry) || !(await holdsOneOf(entry, inodes))) continue;
    const holder = await describeProcess(Number(entry));
    if (holder !== undefined) holders.push(holder);
  }
  return holders;
}

/** The process of a pid as it is at this moment, or `undefined` when there is none. */
export async function describeProcess(pid: number): Promise<PortHolder | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything, so what follows is counted from its end (proc(5)).
    const name = status.slice(status.indexOf('(') + 1, status.lastIndexOf(')'));
    const [state, ...fields] = status.slice(status.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    const commandLine = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').join(' ').trim();
    const { uid } = await stat(`/proc/${pid}`);
    return { pid, command: commandLine === '' ? name : commandLine, uid, startedAt: fields[18] as string };
  } catch {
    return undefined;
  }
}

async function listeningInodes(table: string, port: number): Promise<string[]> {
  const lines = await readFile(table, 'utf8').catch(() => '');
  const entries = lines.split('\n').map((line) => ENTRY.exec(line));
  return entries.flatMap((entry) => {
    const [, hexPort, state, inode] = entry ?? [];
    return state === LISTEN && inode !== undefined && Number.parseInt(hexPort as string, 16) === port
      ? [`socket:[${inode}]`]
      : [];
  });
}

async function holdsOneOf(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(descriptors.map((each) => readlink(`/proc/${pid}/fd/${each}`).catch(() => '')));
  return targets.some((target) => inodes.has(target));
}
