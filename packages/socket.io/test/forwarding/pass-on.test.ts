import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, request, type Server as NodeServer } from 'node:http';
import { type AddressInfo, connect as connectTo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Server as EngineServer } from 'engine.io';
import { Server } from 'socket.io';
import { connect } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { passPoll, passUpgrade, type Passing } from '../../src/forwarding/pass-on.ts';
import { makeProcessName, makeSessionId, processOf, sessionIdOf } from '../../src/forwarding/session-id.ts';
import { doorOf, makeMeetingPlace, removeMeetingPlace, SiblingDoor } from '../../src/forwarding/sibling-door.ts';

/** A process that has all sessions, and one that clients ask, which passes on whatever is of a session. */
describe('a session of another process', () => {
  const owner = makeProcessName();
  const passing: Passing = new Set();
  let engine: EngineServer;
  let io: Server;
  let door: SiblingDoor;
  let asked: NodeServer;
  let url: string;

  beforeEach(async () => {
    await makeMeetingPlace();
    engine = new EngineServer({ maxHttpBufferSize: 4_000_000 });
    engine.generateId = () => makeSessionId(owner);
    io = new Server().bind(engine);
    io.on('connection', (socket) => {
      socket.on('echo', (value: unknown, answer: (value: unknown) => void) => answer(value));
    });
    door = new SiblingDoor(owner, engine);
    await door.open();
    asked = createServer({ maxHeaderSize: 65_536 }, (message, response) => {
      const of = processOf(sessionIdOf(message));
      if (of === undefined) engine.handleRequest(message, response);
      else passPoll(message, response, doorOf(of), passing);
    }).on('upgrade', (message, socket, head) => {
      const lent = { message, socket, head, fields: [['x-own', 'yes']] as const };
      passUpgrade(lent, doorOf(processOf(sessionIdOf(message)) ?? ''), passing);
    });
    await once(asked.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(asked.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    await io.close();
    asked.close();
    asked.closeAllConnections();
    await door.close();
    await removeMeetingPlace();
  });

  async function handshake(): Promise<string> {
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    return (JSON.parse((await response.text()).slice(1)) as { readonly sid: string }).sid;
  }

  /** A connection whose upgrade was asked for, of which nothing is read. */
  async function upgradeMutely(sid: string): Promise<Socket> {
    const socket = connectTo({ port: (asked.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    const key = Buffer.alloc(16).toString('base64');
    socket.write(
      `GET /socket.io/?EIO=4&transport=websocket&sid=${sid} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\n` +
        `upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
    );
    await once(
      socket.on('error', () => {}),
      'readable',
    );
    return socket;
  }

  test.each([
    ['polling', ['polling']],
    ['websocket', ['polling', 'websocket']],
  ])('is spoken with by %s, small and large', async (last, transports) => {
    const socket = connect(url, { forceNew: true, transports });
    await once(socket as never, 'connect');
    await expect.poll(() => socket.io.engine.transport.name).toBe(last);
    const bytes = Buffer.alloc(2_000_000, 'x');
    expect(await socket.emitWithAck('echo', { text: 'ä😀' })).toEqual({ text: 'ä😀' });
    expect(bytes.equals((await socket.emitWithAck('echo', bytes)) as Buffer)).toBe(true);
    socket.disconnect();
    await expect.poll(() => [engine.clientsCount, passing.size]).toEqual([0, 0]);
  });

  test('hears that the client of a poll is gone', async () => {
    const sid = await handshake();
    const waiting = request(`${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`).on('error', () => {});
    waiting.end();
    await expect.poll(() => passing.size).toBe(1);
    expect(engine.clientsCount).toBe(1);
    waiting.destroy();
    await expect.poll(() => [engine.clientsCount, passing.size]).toEqual([0, 0]);
  });

  test('has heads as large as the server of the app lets in', async () => {
    const sid = await handshake();
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, {
      method: 'POST',
      headers: { 'x-large': 'x'.repeat(40_000), 'content-type': 'text/plain;charset=UTF-8' },
      body: '40',
    });
    expect([response.status, await response.text()]).toEqual([200, 'ok']);
  });

  test('is over where its process is gone: the client begins another', async () => {
    const sid = await handshake();
    await door.close();
    const poll = await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`);
    expect([poll.status, await poll.json()]).toEqual([400, { code: 1, message: 'Session ID unknown' }]);
    const upgrade = request(`${url}/socket.io/?EIO=4&transport=websocket&sid=${sid}`, {
      headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': '13' },
    }).end();
    const [answer] = (await once(upgrade, 'response')) as [{ readonly statusCode: number; resume(): void }];
    answer.resume();
    expect(answer.statusCode).toBe(400);
    await expect.poll(() => passing.size).toBe(0);
  });

  test('ends for the client where it is cut on its way', async () => {
    const socket = connect(url, { forceNew: true, reconnection: false });
    await once(socket as never, 'connect');
    await expect.poll(() => socket.io.engine.transport.name).toBe('websocket');
    // A session whose upgrade the engine has not heard of goes on by polls, until it misses a ping.
    const clients = () =>
      Object.values(Reflect.get(engine, 'clients') as Record<string, { readonly upgraded: boolean }>);
    await expect.poll(() => clients().map(({ upgraded }) => upgraded)).toEqual([true]);
    const gone = once(socket as never, 'disconnect');
    passing.forEach((each) => each.destroy());
    expect((await gone)[0]).toMatch(/^transport (?:close|error)$/);
    await expect.poll(() => [engine.clientsCount, passing.size]).toEqual([0, 0]);
  });

  test('ends for the client at once where its process closes it', async () => {
    const socket = connect(url, { forceNew: true, reconnection: false });
    await once(socket as never, 'connect');
    await expect.poll(() => socket.io.engine.transport.name).toBe('websocket');
    const gone = once(socket as never, 'disconnect');
    engine.close();
    expect((await gone)[0]).toBe('transport close');
    await expect.poll(() => passing.size).toBe(0);
  });

  test('does not keep its process where a client answers no close', async () => {
    const sid = await handshake();
    const mute = await upgradeMutely(sid);
    const gone = once(mute.resume(), 'end');
    await io.close();
    await door.close();
    await gone;
    await expect.poll(() => passing.size).toBe(0);
    mute.destroy();
  });

  test('says all that its process said before it ended, to a client that reads late', async () => {
    const name = makeProcessName();
    const said = Buffer.alloc(1_000_000, 'x');
    const process = createServer().on('upgrade', (_, socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
      socket.end(said);
    });
    await once(process.listen(doorOf(name)), 'listening');
    let heard = '';
    let read: () => void = () => {};
    const reads = new Promise<void>((resolve) => (read = resolve));
    const socket = new Duplex({
      writableHighWaterMark: 2 * said.byteLength,
      read() {},
      write(bytes: Buffer, _, done) {
        heard += bytes.toString();
        void reads.then(() => done());
      },
    });
    const message = { method: 'GET', url: '/', headers: { upgrade: 'websocket' } };
    passUpgrade({ message, socket, head: Buffer.alloc(0), fields: [] }, doorOf(name), passing);
    await expect.poll(() => socket.writableEnded).toBe(true);
    await new Promise<void>((resolve) => process.close(() => resolve()));
    read();
    await once(socket, 'close');
    expect(heard.endsWith(`\r\n\r\n${said.toString()}`)).toBe(true);
    expect(passing.size).toBe(0);
  });

  test('is answered for by its own process alone', async () => {
    const stranger = makeSessionId(makeProcessName());
    const [response] = (await once(
      request({ socketPath: doorOf(owner), path: `/socket.io/?EIO=4&transport=polling&sid=${stranger}` }).end(),
      'response',
    )) as [{ readonly statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(400);
    const begin = request({ socketPath: doorOf(owner), path: '/socket.io/?EIO=4&transport=polling' }).end();
    const [refused] = (await once(begin, 'response')) as [{ readonly statusCode: number; resume(): void }];
    refused.resume();
    expect([refused.statusCode, engine.clientsCount]).toEqual([400, 0]);
  });
});

describe('where child processes meet', () => {
  test('is a folder of the process that made it, whatever the environment says', async () => {
    const theirs = '/nowhere/portlight-theirs';
    process.env['PORTLIGHT_SOCKET_IO_FOLDER'] = theirs;
    await removeMeetingPlace();
    expect(doorOf('x')).toBe(`${theirs}/x`);
    await makeMeetingPlace();
    const own = doorOf('');
    expect([own.startsWith(theirs), existsSync(own)]).toEqual([false, true]);
    await removeMeetingPlace();
    expect(existsSync(own)).toBe(false);
    expect(process.env['PORTLIGHT_SOCKET_IO_FOLDER']).toBeUndefined();
  });
});

test('an id of a session names its process, and nothing else does', () => {
  const name = makeProcessName();
  expect(processOf(makeSessionId(name))).toBe(name);
  for (const id of [undefined, '', name, `.${name}`, `${'a'.repeat(20)}.${name}x`, `${'a'.repeat(20)}.../../../x`])
    expect(processOf(id)).toBeUndefined();
  expect(new Set(Array.from({ length: 100 }, () => makeSessionId(name))).size).toBe(100);
});
