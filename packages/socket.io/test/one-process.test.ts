import { describe, expect, test } from 'vitest';
import { hasOpenssl, makeCertificate } from '../../portlight/test/support/make-certificate.ts';
import { type Answer, connected, next, openIo, transportOf } from './support/open-io.ts';

const TRANSPORTS = [
  ['long polling, then a WebSocket', ['polling', 'websocket'], 'websocket'],
  ['long polling alone', ['polling'], 'polling'],
  ['a WebSocket alone', ['websocket'], 'websocket'],
] as const;

describe.each(['fast', 'http'] as const)('on the lane %s', (lane) => {
  describe.each(TRANSPORTS)('by %s', (_, transports, last) => {
    const options = { transports: [...transports] };

    test('both sides speak, with bytes and acknowledgements', async () => {
      await using open = await openIo(
        (io) => io.on('connection', (socket) => socket.on('echo', (value, answer: Answer) => answer(value))),
        { lane },
      );
      const socket = await open.connect(options);
      await expect.poll(() => transportOf(socket)).toBe(last);
      const value = { text: 'ä€😀', list: [1, null, { bytes: Buffer.from([0, 255]) }] };
      expect(await socket.emitWithAck('echo', value)).toEqual(value);
    });

    test('large messages arrive whole, in both directions', async () => {
      await using open = await openIo(
        (io) => io.on('connection', (socket) => socket.on('echo', (value, answer: Answer) => answer(value))),
        { lane, io: { maxHttpBufferSize: 4_000_000 } },
      );
      const socket = await open.connect(options);
      const bytes = Buffer.alloc(2_000_000, 'x');
      expect(bytes.equals((await socket.emitWithAck('echo', bytes)) as Buffer)).toBe(true);
      const text = 'y'.repeat(2_000_000);
      expect((await socket.emitWithAck('echo', text)) === text).toBe(true);
    });

    test('a message over the limit ends the session, and the client comes back', async () => {
      await using open = await openIo(undefined, { lane, io: { maxHttpBufferSize: 1_000 } });
      const socket = await open.connect(options);
      await expect.poll(() => transportOf(socket)).toBe(last);
      const gone = next(socket, 'disconnect');
      socket.emit('much', 'x'.repeat(2_000));
      await gone;
      await connected(socket);
    });

    test('a stop is a close to clients, which come back when the server does', async () => {
      const reasons: string[] = [];
      await using open = await openIo(
        (io) => io.on('connection', (socket) => socket.on('disconnect', (reason) => reasons.push(reason))),
        { lane },
      );
      const { server } = open;
      const socket = await open.connect(options);
      await expect.poll(() => transportOf(socket)).toBe(last);
      const gone = next(socket, 'disconnect');
      expect(await server.shutdown({ timeoutMs: 5_000 })).toMatchObject({ forced: 0 });
      expect((await gone)[0]).toMatch(/^transport (?:close|error)$/);
      expect(reasons).toEqual(['server shutting down']);
      const again = next(socket, 'connect');
      await server.start();
      // Port 0 is another one the second time.
      Reflect.set(socket.io, 'uri', open.url);
      await again;
    });
  });

  test('rooms and namespaces are what they are in socket.io', async () => {
    await using open = await openIo(
      (io) => {
        for (const namespace of [io.of('/'), io.of('/news'), io.of(/^\/room-\d+$/)]) {
          namespace.use((socket, pass) => pass(socket.handshake.auth['isBanned'] ? new Error('No.') : undefined));
          namespace.on('connection', (socket) => socket.join(String(socket.handshake.auth['room'])));
        }
      },
      { lane },
    );
    const clients = await Promise.all(
      ['/', '/news', '/room-7'].flatMap((namespace) =>
        ['a', 'b'].map((room) => open.connect({ auth: { room } }, namespace)),
      ),
    );
    const heard: string[][] = clients.map(() => []);
    clients.forEach((each, index) => each.on('told', (value: string) => heard[index]?.push(value)));
    const { io } = open;
    io.to('a').emit('told', 'to a');
    io.of('/news').except('a').emit('told', 'news but a');
    io.of('/room-7').in(['a', 'b']).emit('told', 'both');
    for (const name of ['/', '/news', '/room-7']) io.of(name).emit('told', 'last');
    await expect.poll(() => heard.map((each) => each.at(-1))).toEqual(clients.map(() => 'last'));
    expect(heard.map((each) => each.slice(0, -1))).toEqual([['to a'], [], [], ['news but a'], ['both'], ['both']]);
    await expect(open.connect({ auth: { isBanned: true } }, '/news')).rejects.toThrow('No.');
    await expect(open.connect({}, '/nowhere')).rejects.toThrow('Invalid namespace');
  });

  test('what is done at once takes effect in the order of the calls', async () => {
    await using open = await openIo(
      (io) =>
        io.on('connection', (socket) => {
          io.socketsJoin('all');
          io.to('all').emit('told', 1);
          socket.emit('told', 2);
          io.socketsLeave('all');
          io.to('all').emit('told', 3);
          io.emit('told', 4);
        }),
      { lane },
    );
    const socket = open.client();
    const heard: unknown[] = [];
    socket.on('told', (value) => heard.push(value));
    await expect.poll(() => heard).toEqual([1, 2, 4]);
    expect(await open.io.fetchSockets()).toHaveLength(1);
    expect(await open.io.serverSideEmitWithAck('who')).toEqual([]);
  });
});

describe.skipIf(!hasOpenssl())('behind TLS', () => {
  test.each(TRANSPORTS)('by %s', async (_, transports, last) => {
    const tls = await makeCertificate('localhost');
    await using open = await openIo(
      (io) => io.on('connection', (socket) => socket.on('echo', (value, answer: Answer) => answer(value))),
      { tls },
    );
    const options = { transports: [...transports], rejectUnauthorized: false };
    const socket = await open.connect(options, '/', open.url.replace('http:', 'https:'));
    await expect.poll(() => transportOf(socket)).toBe(last);
    const bytes = Buffer.alloc(100_000, 'x');
    expect(bytes.equals((await socket.emitWithAck('echo', bytes)) as Buffer)).toBe(true);
  });
});
