import { expect } from 'vitest';
import { App, type AppArguments } from './app.ts';
import { alone, LOST_AFTER_MS, type Mode } from './modes.ts';
import type { PromisedOfLife } from './promised.ts';
import { TwoServers } from './two-servers.ts';

/** By when it is told that a server is gone, in ms from its end. */
const TOLD_AFTER_MS = LOST_AFTER_MS + 2_000;

/** Two servers of an app of their own, which end with the block. */
class Pair implements AsyncDisposable {
  readonly one: App;
  readonly other: App;
  readonly both: TwoServers;

  private constructor(one: App, other: App) {
    this.one = one;
    this.other = other;
    this.both = new TwoServers(one, other);
  }

  static async start(mode: Mode, args: AppArguments = {}): Promise<Pair> {
    const own = alone(mode);
    const [one, other] = await Promise.all([App.start(own, args), App.start(own, args)]);
    return new Pair(one, other);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.one, this.other].map((server) => server[Symbol.asyncDispose]()));
  }
}

async function connect(server: App, id: string): Promise<void> {
  expect((await server.ask('/connect', { headers: { 'x-client': id } })).status).toBe(200);
}

async function isConnected(server: App, id: string): Promise<boolean> {
  return (await server.ask('/private', { headers: { 'x-client': id } })).status === 200;
}

async function membersOf(server: App, topic: string): Promise<readonly string[]> {
  const present = (await server.ask(`/presence/${topic}`)).json as readonly { readonly member: string }[];
  return present.map(({ member }) => member);
}

/** How many of so many requests with one key a server lets in. */
async function letIn(server: App, asked: number): Promise<number> {
  await using connections = await server.connections();
  const each = asked / connections.length;
  const headers = { 'x-key': 'crowd' };
  const answers = await Promise.all(
    connections.flatMap((connection) => Array.from({ length: each }, () => connection.ask('/limited', { headers }))),
  );
  return answers.filter(({ status }) => status === 200).length;
}

export const SERVERS: PromisedOfLife = {
  async 'a server that stops tells of its own clients and members, and the other keeps its own'(mode) {
    await using pair = await Pair.start(mode);
    const { one, other, both } = pair;
    await connect(one, 'ada');
    await connect(other, 'grace');
    await using sockets = await both.sockets();
    const [first, second] = sockets;
    await first.order('join', 'room:stop', { member: 'Ada' });
    await second.order('join', 'room:stop', { member: 'Grace' });
    one.program.kill('SIGTERM');
    expect(await one.program.exit).toEqual({ code: 0, signal: null });
    expect([await isConnected(other, 'ada'), await isConnected(other, 'grace')]).toEqual([false, true]);
    expect(await membersOf(other, 'room:stop')).toEqual(['Grace']);
    expect([...one.lines(/^left |presence left/)].sort()).toEqual(['left ada shutdown', 'presence left Ada room:stop']);
    expect(await other.linesByNow(/^left |presence left/)).toEqual([]);
  },

  async 'a client that says nothing to any server is forgotten, once'(mode) {
    await using pair = await Pair.start(mode, { options: { clientIdleMs: 2_000 } });
    const { one, other, both } = pair;
    await connect(one, 'ada');
    await connect(one, 'grace');
    // One that talks to the other server is not silent.
    const left = both.said('left ada');
    const isOver = left.then(() => true);
    while (!(await Promise.race([isOver, isConnected(other, 'grace').then(() => false)])));
    expect(await isConnected(other, 'grace')).toBe(true);
    expect(await both.linesByNow('left ada')).toEqual(['left ada idle']);
  },

  async 'a limit goes on while the servers are replaced, one after the other'(mode) {
    const own = alone(mode);
    await using one = await App.start(own);
    await using other = await App.start(own);
    expect(await letIn(one, 20)).toBe(20);
    expect(await letIn(other, 20)).toBe(20);
    one.program.kill('SIGTERM');
    await one.program.exit;
    await using next = await App.start(own);
    expect(await letIn(next, 20)).toBe(20);
    other.program.kill('SIGTERM');
    await other.program.exit;
    await using last = await App.start(own);
    expect((await letIn(last, 60)) + (await letIn(next, 60))).toBe(40);
  },

  async 'what a server had that is killed ends in the time that is stated, and the other tells it once'(mode) {
    await using pair = await Pair.start(mode);
    const { one, other } = pair;
    const taken = await letIn(one, 20);
    await connect(one, 'ada');
    await using mine = await one.sockets();
    await using theirs = await other.sockets();
    await mine[0].order('join', 'room:gone', { member: 'Ada' });
    await mine[1].order('join', 'room:gone', { member: 'Grace' });
    await theirs[0].order('join', 'room:gone', { member: 'Grace' });
    one.program.killGroup('SIGKILL');
    one.program.kill('SIGKILL');
    const killedAt = performance.now();
    await Promise.all([other.said('left ada'), other.said('presence left Ada')]);
    expect(performance.now() - killedAt).toBeLessThan(TOLD_AFTER_MS);
    expect(await isConnected(other, 'ada')).toBe(false);
    expect(await membersOf(other, 'room:gone')).toEqual(['Grace']);
    expect([...(await other.linesByNow(/^left |presence left/))].sort()).toEqual([
      'left ada worker-lost',
      'presence left Ada room:gone',
    ]);
    expect(await other.linesByNow(/^came |presence joined/)).toEqual([]);
    // What it had leased when it ended may count as used.
    const left = await letIn(other, 120);
    expect(left).toBeLessThanOrEqual(100 - taken);
  },
};

/** Of children of two servers. */
export const CHILDREN_OF_SERVERS: PromisedOfLife = {
  async 'what a child had that is killed ends at once, and is told once by who lives'(mode) {
    await using pair = await Pair.start(mode);
    const { one, other, both } = pair;
    await using sockets = await one.sockets();
    const [mine] = sockets;
    await using connection = (await one.connections())[0];
    await mine.order('join', 'room:child', { member: 'Ada' });
    const { process: child } = await connection.ask('/connect', { headers: { 'x-client': 'ada' } });
    expect(await isConnected(other, 'ada')).toBe(true);
    const killedAt = performance.now();
    for (const pid of new Set([mine.process, child])) process.kill(pid, 'SIGKILL');
    await Promise.all([both.said('left ada'), both.said('presence left Ada')]);
    // Sooner than a server that is not heard of is taken for gone.
    expect(performance.now() - killedAt).toBeLessThan(LOST_AFTER_MS);
    expect(await isConnected(other, 'ada')).toBe(false);
    expect(await membersOf(other, 'room:child')).toEqual([]);
    expect([...(await both.linesByNow(/^left |presence left/))].sort()).toEqual([
      'left ada worker-lost',
      'presence left Ada room:child',
    ]);
  },
};
