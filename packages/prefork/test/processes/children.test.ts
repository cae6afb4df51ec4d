import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { RealChildren } from '../support/real-children.ts';

test('a child runs the file with its arguments, and knows whose child it is', async () => {
  await using children = await RealChildren.start('some mode', {
    size: 2,
    environment: { TEST_OWN: 'yes', NODE_OPTIONS: '--inspect=0 --no-warnings' },
  });
  const answers = await Promise.all(children.supervisor.workers.map(({ link }) => link.call('who')));
  expect(answers.map(({ data }) => data)).toEqual(
    children.supervisor.workers.map(({ pid }) => ({
      pid,
      args: ['some mode'],
      execArgv: expect.not.arrayContaining(['--inspect']) as unknown,
      environment: expect.objectContaining({ TEST_OWN: 'yes', NODE_OPTIONS: '--no-warnings' }) as unknown,
      isSame: true,
      listeners: 1,
    })),
  );
  expect(answers[0]?.data).not.toHaveProperty('environment.PREFORK_CHILD');
});

test('what a child starts is no child, and a child has none', async () => {
  await using children = await RealChildren.start('');
  await expect(children.worker.link.call('supervise')).rejects.toThrow('is a child of a supervisor');
  expect(await children.worker.link.call('grandchild')).toMatchObject({ data: 'no child' });
});

test('data and bytes go both ways, however large', async () => {
  await using children = await RealChildren.start('');
  const body = new Uint8Array(5_000_000).fill(7);
  const answer = await children.worker.link.call('echo', { some: ['data'] }, body);
  expect(answer.data).toEqual({ some: ['data'] });
  expect(Buffer.compare(answer.body as Uint8Array, body)).toBe(0);
});

test('messages go both ways beside them', async () => {
  const answers: unknown[] = [];
  let heard: () => void = () => {};
  const all = new Promise<void>((resolve) => (heard = resolve));
  await using children = await RealChildren.start('', {
    size: 2,
    onWorker: (worker) => {
      worker.onMessage('answer', (data) => {
        if (answers.push(data) === 2) heard();
      });
    },
  });
  const data = JSON.parse('{"__proto__":{"polluted":1},"cmd":"NODE_x","text":"\\u0000é"}') as unknown;
  for (const worker of children.supervisor.workers) expect(await worker.send('ask', data)).toBe(true);
  await all;
  expect(answers).toEqual(expect.arrayContaining([1, 2].map((id) => ({ data, id }))));
  expect((answers[0] as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('a listening server is shared, and its children accept for themselves', async () => {
  await using children = await RealChildren.start('');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  expect(await children.worker.send('server', {}, server)).toBe(true);
  server.close();
  expect(await text(connect(port, '127.0.0.1'))).toBe('child 1');
});

test('a socket is taken or refused, and says so', async () => {
  await using children = await RealChildren.start('');
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const client = connect(port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  expect(await children.worker.send('socket', {}, socket)).toBe(false);
  expect(await children.worker.send('nobody sees to it', {}, socket)).toBe(false);
  expect(await children.worker.send('socket', { text: 'taken' }, socket)).toBe(true);
  socket.destroy();
  expect(await text(client)).toBe('taken');
  server.close();
});

test('what cannot be sent is refused at once, and the socket is still there', async () => {
  await using children = await RealChildren.start('');
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as { readonly port: number }).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  for (const data of [cyclic, { big: 1n }]) {
    expect(() => children.worker.send('ask', data)).toThrow(TypeError);
    expect(() => children.worker.send('socket', data, socket)).toThrow(TypeError);
    expect(() => children.worker.link.tell('do', data)).toThrow(TypeError);
  }
  expect(() => children.worker.send('socket', {}, new Date())).toThrow(TypeError);
  expect(await children.worker.send('socket', { text: 'taken' }, socket)).toBe(true);
  socket.destroy();
  expect(await text(client)).toBe('taken');
  server.close();
});

test('what is sent to a dead child is not taken', async () => {
  await using children = await RealChildren.start('');
  const { worker } = children;
  process.kill(worker.pid as number, 'SIGKILL');
  const server = createServer();
  const sent = [worker.send('ask'), worker.send('server', {}, server.listen(0))];
  await children.exit();
  expect((await Promise.all(sent))[1]).toBe(false);
  expect(await worker.send('ask')).toBe(false);
  expect(await worker.send('server', {}, server)).toBe(false);
  server.close();
});
