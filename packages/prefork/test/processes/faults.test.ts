import { describe, expect, test, vi } from 'vitest';
import { RealChildren } from '../support/real-children.ts';

/** What Node says itself on its channel, what this package says there, and what nobody would. */
const FORGED: readonly unknown[] = [
  { cmd: 'NODE_HANDLE_ACK' },
  { cmd: 'NODE_HANDLE_NACK' },
  { cmd: 'NODE_SOCKET_NOTIFY_CLOSE', key: 'x' },
  { cmd: 'NODE_CLUSTER', act: 'online' },
  { prefork: 1, kind: 'taken', id: 99, isTaken: true },
  { prefork: 1, kind: 'message', type: { toString: 1 } },
  { prefork: 1, kind: 'draining', reason: { toString: 1 } },
  { prefork: 1, kind: 'failed', error: null },
  { prefork: 1, kind: 'failed', error: { name: 1, message: { toString: 1 }, stack: [] } },
  { prefork: 1, kind: '__proto__' },
  { prefork: 2, kind: 'drained' },
  JSON.parse('{"__proto__":{"prefork":1,"kind":"ready"}}'),
  'x'.repeat(1_000_000),
  null,
];

describe.concurrent('a child that says anything', () => {
  test('harms nobody', async () => {
    await using children = await RealChildren.start('');
    for (const message of FORGED) children.do('raw message', { message });
    expect(await children.worker.link.call('echo', 'well')).toMatchObject({ data: 'well' });
    expect(children.worker.state).toBe('ready');
    expect(await children.supervisor.stop()).toMatchObject([{ code: 0 }]);
  });

  test('that Node answers, which ends it, harms nobody else', async () => {
    await using children = await RealChildren.start('');
    children.do('raw message', { message: { cmd: 'NODE_HANDLE', type: 'net.Nothing', msg: {} } });
    expect(await children.exit()).toMatchObject({ code: 1, error: { code: 'ERR_INTERNAL_ASSERTION' } });
    await children.ready(2);
  });

  test('on its link that is no frame is replaced', async () => {
    const errors: string[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (_: object, line: string) => void errors.push(line) };
    await using children = await RealChildren.start('', { log });
    children.do('raw bytes', { text: 'this is no frame, and long enough to be read as the head of one' });
    expect(await children.exit()).toMatchObject({ wasReady: true });
    expect(errors[0]).toContain('not in order');
    await children.ready(2);
  });
});

describe.concurrent('a child that does not read', () => {
  test('still gets what goes over the channel for control; what waits for it is counted', async () => {
    await using children = await RealChildren.start('', { unresponsiveTimeoutMs: 60_000 });
    const { worker } = children;
    process.kill(worker.pid as number, 'SIGSTOP');
    for (let count = 0; count < 50; count++) worker.link.tell('do', { deed: 'nothing' }, new Uint8Array(100_000));
    worker.link.flush();
    expect(worker.link.pendingBytes).toBeGreaterThan(4_000_000);
    const drained = new Promise<void>((resolve) => worker.link.onDrained(resolve));
    expect(await worker.send('ask', 'over the other way')).toBe(true);
    process.kill(worker.pid as number, 'SIGCONT');
    await drained;
    expect(await worker.link.call('echo', 1)).toMatchObject({ data: 1 });
    expect(worker.link.pendingBytes).toBe(0);
  });
});

test('messages to all, while they die and start, never throw and come at most once', async () => {
  const heard = new Map<string, number>();
  await using children = await RealChildren.start('', {
    size: 3,
    onWorker: (worker) => {
      worker.onMessage('answer', (data) => {
        const { data: n } = data as { readonly data: number };
        heard.set(`${worker.key} ${n}`, (heard.get(`${worker.key} ${n}`) ?? 0) + 1);
      });
    },
  });
  let n = 0;
  const broadcast = (): void => {
    n++;
    for (const worker of children.supervisor.workers) {
      void worker.send('ask', n);
      worker.link.tell('do', { deed: 'report', n });
    }
  };
  for (let deaths = 1; deaths <= 3; deaths++) {
    broadcast();
    process.kill(children.supervisor.workers.find(({ state }) => state === 'ready')?.pid as number, 'SIGKILL');
    broadcast();
    await children.exit(deaths);
    broadcast();
  }
  await children.ready(6);
  broadcast();
  const last = children.supervisor.workers.map(({ key }) => `${key} ${n}`);
  await vi.waitUntil(() => last.every((key) => heard.has(key)), { timeout: 10_000 });
  expect([...heard.values()].every((times) => times === 1)).toBe(true);
});
