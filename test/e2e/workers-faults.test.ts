import { describe, expect, test } from 'vitest';
import { RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { App } from './promises/app.ts';
import type { Socket } from './promises/socket.ts';
import { childrenOf, IS_LONG, nextChild, residentBytes, WORKERS } from './workers/children.ts';
import { Traffic } from './workers/traffic.ts';

const UPLOAD = 'POST /upload HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\nx-name: ';

/** A request whose handler is at work until its client sends the rest. */
async function beginUpload(app: App, name: string): Promise<RawClient> {
  const client = await RawClient.open(app.port);
  client.send(`${UPLOAD}${name}\r\n\r\nabc`);
  await app.program.said(new RegExp(`reading ${name}\\n`));
  return client;
}

/** One member each on every child, in a topic whose presence is told, all of them connected as clients too. */
async function settle(app: App, topic: string): Promise<readonly Socket[]> {
  const sockets = await app.sockets();
  for (const socket of sockets) await socket.order('join', topic, { member: `on ${socket.process}` });
  await using connections = await app.connections();
  for (const connection of connections)
    await connection.ask('/connect', { headers: { 'x-client': `by ${connection.process}` } });
  return sockets;
}

/** What is told, once each, of the child that is gone. */
async function expectLoss(app: App, topic: string, pid: number): Promise<void> {
  await app.program.said(`presence left on ${pid} ${topic}\n`);
  await app.program.said(`left by ${pid} worker-lost\n`);
  expect(await app.linesByNow(`left by`)).toEqual([`left by ${pid} worker-lost`]);
  expect(app.lines('presence left')).toEqual([`presence left on ${pid} ${topic}`]);
}

/** All that is shared still holds, over the children that there are. */
async function expectWhole(app: App, topic: string): Promise<void> {
  await using connections = await app.connections();
  const headers = { 'x-key': `after ${topic}` };
  const answers = await Promise.all(
    connections.flatMap((connection) => Array.from({ length: 50 }, () => connection.ask('/limited', { headers }))),
  );
  expect(answers.filter(({ status }) => status === 200).length).toBe(100);
  await using sockets = await app.sockets();
  await Promise.all(sockets.map((socket) => socket.order('join', `whole ${topic}`)));
  expect(await sockets[0].order('publish', `whole ${topic}`, 'to all')).toMatchObject({ subscribers: sockets.length });
  for (const socket of sockets) expect(await socket.messages(1)).toEqual(['to all']);
}

describe('a child', () => {
  test('that is killed takes its own requests with it, no others, and is replaced', async () => {
    await using app = await App.start(WORKERS);
    const topic = 'room:killed';
    await settle(app, topic);
    await using traffic = new Traffic(app.port, 8, 20);
    await traffic.more(100);
    const uploads = await Promise.all(Array.from({ length: 24 }, (_, index) => beginUpload(app, `upload-${index}`)));
    const [victim = 0] = childrenOf(app);
    const next = nextChild(app);
    process.kill(victim, 'SIGKILL');
    const killedAt = performance.now();
    await next;
    const replacedInMs = performance.now() - killedAt;
    await traffic.more(100);
    await expectLoss(app, topic, victim);
    for (const upload of uploads) upload.send('def');
    for (const upload of uploads) await upload.until(() => upload.hasEnded || upload.received !== '', 'an end');
    const answered = uploads.filter(({ received }) => received.startsWith('HTTP/1.1 200 '));
    for (const { received } of answered) expect(received).not.toContain(`x-process: ${victim}\r\n`);
    await traffic.stop();
    expect(traffic.failures.filter((failure) => failure.process !== victim && failure.process !== 0)).toEqual([]);
    expect(traffic.failures.length).toBeLessThanOrEqual(8);
    await expectWhole(app, topic);
    if (IS_LONG) expect(replacedInMs).toBeLessThan(1_000);
    app.program.kill('SIGTERM');
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
  });

  test('that is blocked keeps no new client waiting', async () => {
    await using app = await App.start(WORKERS);
    let isFree = false;
    const blocked = app.ask('/block/2000').then(() => (isFree = true));
    await app.program.said('blocked');
    const answers = await Promise.all(Array.from({ length: 40 }, () => app.ask('/ping')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(isFree).toBe(false);
    await blocked;
  });

  test.each([
    ['that is stopped', (_app: App, pid: number): unknown => process.kill(pid, 'SIGSTOP')],
    [
      'that loops for ever',
      async (app: App, pid: number): Promise<void> => {
        await using connections = await app.connections();
        const there = connections.find((connection) => connection.process === pid);
        void there?.ask('/block/3600000').catch(() => {});
        await app.program.said(`blocked ${pid}\n`);
      },
    ],
  ] as const)('%s is killed and replaced, and nobody else waits for it', async (what, harm) => {
    await using app = await App.start(WORKERS, { options: { unresponsiveTimeoutMs: 2_000 } });
    const topic = `room:${what.replaceAll(' ', '-')}`;
    const sockets = await settle(app, topic);
    const [victim = 0] = childrenOf(app);
    const next = nextChild(app);
    await harm(app, victim);
    // What the others do meanwhile does not wait for it.
    const publications = await Promise.all(
      sockets
        .filter((socket) => socket.process !== victim)
        .map((socket) => socket.order('publish', topic, 'meanwhile')),
    );
    expect(publications.length).toBeGreaterThanOrEqual(3);
    const limited = await Promise.all(
      Array.from({ length: 120 }, () => app.ask('/limited', { headers: { 'x-key': 'meanwhile' } })),
    );
    expect(limited.filter(({ status }) => status === 200).length).toBe(100);
    expect(childrenOf(app)).toHaveLength(4);
    await next;
    await expectLoss(app, topic, victim);
    await expectWhole(app, topic);
    app.program.kill('SIGTERM');
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
  });

  test('that is told to stop ends in order, and is replaced', async () => {
    await using app = await App.start(WORKERS);
    const sockets = await settle(app, 'room:told');
    const [victim = 0] = childrenOf(app);
    await using traffic = new Traffic(app.port, 4, 1);
    await traffic.more(50);
    const uploads = await Promise.all(Array.from({ length: 16 }, (_, index) => beginUpload(app, `upload-${index}`)));
    const next = nextChild(app);
    process.kill(victim, 'SIGTERM');
    const there = sockets.filter((socket) => socket.process === victim);
    for (const socket of there) expect((await socket.client.end()).code).toBe(1001);
    for (const upload of uploads) upload.send('def');
    for (const upload of uploads) {
      const answer = await upload.response();
      expect(answer.status).toBe(200);
      if (answer.headers.get('x-process') === String(victim)) expect(answer.headers.get('connection')).toBe('close');
    }
    await next;
    await traffic.more(50);
    await traffic.stop();
    expect(traffic.failures).toEqual([]);
    await app.program.said(`hook worker-stop ${victim}\n`);
    await app.program.said(`after run ${victim} `);
    await expectWhole(app, 'room:told');
    app.program.kill('SIGTERM');
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
  });

  test(
    'that reads nothing of its pipe costs little, and hears what it missed, or of a gap',
    { timeout: 600_000 },
    async () => {
      const count = IS_LONG ? 100_000 : 4_000;
      // Neither is the child killed for its silence meanwhile, nor a client for what then comes at once.
      const options = { unresponsiveTimeoutMs: 600_000, websocket: { maxBackpressureBytes: 64 * 1_048_576 } };
      await using app = await App.start(WORKERS, { options });
      const topic = 'kept:flood';
      await using sockets = await app.sockets();
      await Promise.all(sockets.map((socket) => socket.order('join', topic)));
      const [deaf, speaker] = [sockets[0], sockets[1]];
      const primary = app.program.process.pid ?? 0;
      const data = 'x'.repeat(10_000);
      // What a primary takes for so many messages when all children read.
      const flood = async (messages: number): Promise<void> => {
        for (let sent = 0; sent < messages; sent += 25) {
          await speaker.order('flood', topic, data, 25);
          for (const socket of sockets) if (socket !== deaf) socket.forget();
        }
      };
      await flood(1_000);
      const before = await residentBytes(primary);
      process.kill(deaf.process, 'SIGSTOP');
      await flood(count);
      const grown = (await residentBytes(primary)) - before;
      process.kill(deaf.process, 'SIGCONT');
      await speaker.order('publish', topic, 'the last');
      await deaf.until(() => deaf.received.at(-1) === 'the last');
      // All of it, or a gap where something is missing.
      const heard = deaf.received.filter((text) => text === data).length;
      if (heard < count + 1_000) expect(deaf.received).toContain(JSON.stringify({ gap: topic }));
      expect(grown).toBeLessThan(50 * 1_048_576);
    },
  );
});
