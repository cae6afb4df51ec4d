import { HttpServer } from 'portlight';
import type { Backplane } from 'portlight';
import type { Server } from 'socket.io';
import { describe, expect, test } from 'vitest';
import { MemoryStores } from '../../../portlight/src/backplane/memory-stores.ts';
import { RecordingLogger } from '../../../portlight/test/support/recording-logger.ts';
import { socketIo } from '../../src/index.ts';
import { type Answer, next, OpenIo } from '../support/open-io.ts';

/** A server that shares what lies behind the backplane with others, as machines do. */
async function openShared(backplane: Backplane, register: (io: Server) => unknown = () => {}): Promise<OpenIo> {
  const log = new RecordingLogger();
  const server = new HttpServer('127.0.0.1', 0).debug(log).backplane(backplane);
  const io = socketIo(server);
  io.on('connection', (socket) => socket.join(String(socket.handshake.auth['room'])));
  register(io);
  await server.start();
  return new OpenIo(server, io, log);
}

describe('servers with one backplane', () => {
  test('reach the clients of each other, in rooms and namespaces', async () => {
    const stores = new MemoryStores();
    await using one = await openShared(stores.own('one'), (io) => io.of('/news'));
    await using other = await openShared(stores.own('other'), (io) => io.of('/news'));
    const [near, far] = [await one.connect({ auth: { room: 'a' } }), await other.connect({ auth: { room: 'a' } })];
    const [out, news] = [await other.connect({ auth: { room: 'b' } }), await other.connect({}, '/news')];
    const heard = new Map([near, far, out, news].map((each) => [each, [] as unknown[]]));
    for (const [socket, values] of heard) socket.on('told', (value) => values.push(value));
    one.io.to('a').emit('told', Buffer.from('to a'));
    one.io.local.emit('told', 'here');
    one.io.of('/news').emit('told', 'news');
    one.io.in('b').socketsJoin('c');
    one.io.to('c').emit('told', 'to c');
    one.io.emit('told', 'last');
    one.io.of('/news').emit('told', 'last');
    await expect
      .poll(() => [...heard.values()].map((values) => values.at(-1)))
      .toEqual(['last', 'last', 'last', 'last']);
    expect([...heard.values()].map((values) => values.slice(0, -1))).toEqual([
      [Buffer.from('to a'), 'here'],
      [Buffer.from('to a')],
      ['to c'],
      ['news'],
    ]);
  });

  test('ask each other, and wait for no more than there are', async () => {
    const stores = new MemoryStores();
    await using one = await openShared(stores.own('one'));
    await using other = await openShared(stores.own('other'), (io) =>
      io.on('who', (answer: Answer) => answer('other')),
    );
    const [near, far] = [await one.connect(), await other.connect({ auth: { room: 'a' } })];
    near.on('asked', (answer: Answer) => answer('near'));
    far.on('asked', (answer: Answer) => answer('far'));
    const answers = (await one.io.timeout(5_000).emitWithAck('asked')) as string[];
    expect(answers.toSorted()).toEqual(['far', 'near']);
    expect(await one.io.serverSideEmitWithAck('who')).toEqual(['other']);
    const sockets = await one.io.fetchSockets();
    expect(sockets.map(({ id, handshake }) => [id, handshake.auth['room'] as unknown])).toEqual([
      [near.id, undefined],
      [far.id, 'a'],
    ]);
    await other.server.shutdown();
    expect(await one.io.timeout(5_000).emitWithAck('asked')).toEqual(['near']);
    expect(await one.io.fetchSockets()).toHaveLength(1);
    await other.server.start();
    expect(await one.io.serverSideEmitWithAck('who')).toEqual(['other']);
  });

  test('say nothing that an app or a client could hear, or say', async () => {
    const stores = new MemoryStores();
    const changes: unknown[] = [];
    const log = new RecordingLogger();
    const server = new HttpServer('127.0.0.1', 0)
      .debug(log)
      .backplane(stores.own('one'))
      .history('*', { size: 10 })
      .onPresence('*', (change) => changes.push(change));
    const io = socketIo(server);
    await server.start();
    await using one = new OpenIo(server, io, log);
    await using other = await openShared(stores.own('other'));
    const far = await other.connect();
    const told = next(far, 'told');
    io.emit('told', 1);
    expect(await told).toEqual([1]);
    expect(changes).toEqual([]);
    expect(stores.topics.read('\0socket.io /socket.io#/', 'earliest')).toMatchObject({ messages: [] });
    await expect(one.server.publish('\0socket.io /socket.io#/', '{}')).rejects.toThrow('begins with no NUL');
    await expect(one.server.presence('\0socket.io /socket.io#/')).rejects.toThrow('begins with no NUL');
  });

  test('go on by themselves while the backplane is out of reach', async () => {
    const stores = new MemoryStores();
    const end = stores.own('one');
    let isOut = false;
    const cutOff = <Answer>(ask: () => Answer): Answer => {
      if (isOut) throw new Error('It is out of reach.');
      return ask();
    };
    const { bus } = end;
    const through: Backplane = {
      ...end,
      bus: {
        connect: (receiver) => bus.connect(receiver),
        setInterest: (...args) => cutOff(() => bus.setInterest(...args)),
        publish: (...args) => cutOff(() => bus.publish(...args)),
        read: (...args) => cutOff(() => bus.read(...args)),
        enter: (...args) => cutOff(() => bus.enter(...args)),
        exit: (...args) => cutOff(() => bus.exit(...args)),
        presence: (...args) => cutOff(() => bus.presence(...args)),
        restate: (...args) => cutOff(() => bus.restate(...args)),
      },
    };
    await using one = await openShared(through);
    const socket = await one.connect();
    socket.on('asked', (answer: Answer) => answer('near'));
    isOut = true;
    const told = next(socket, 'told');
    one.io.emit('told', 1);
    expect(await told).toEqual([1]);
    await expect(one.io.timeout(100).emitWithAck('asked')).rejects.toThrow('operation has timed out');
    await expect(one.io.timeout(100).fetchSockets()).rejects.toThrow('timeout reached');
    await expect(one.io.serverSideEmitWithAck('who')).rejects.toThrow('timeout reached');
    isOut = false;
    expect(await one.io.fetchSockets()).toHaveLength(1);
  });

  test('a message that has no JSON reaches nobody, and is told of', async () => {
    const stores = new MemoryStores();
    await using one = await openShared(stores.own('one'));
    expect(() => one.io.emit('told', 1n)).toThrow('BigInt');
    one.io.serverSideEmit('told', 1n);
    await expect
      .poll(() => one.log.at('error').map(({ message }) => message))
      .toContain('Something has no JSON for the other processes.');
  });
});
