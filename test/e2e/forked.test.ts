import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, get as httpGet, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { hasOpenssl, makeCertificate } from '../../packages/portlight/test/support/make-certificate.ts';
import { get, RawClient, request } from '../../packages/portlight/test/support/raw-client.ts';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { isAlive, WorkersApp, type WorkersAppOptions } from './workers-app.ts';

const CLOSE = 'connection: close';

const start = (options: WorkersAppOptions = {}): WorkersApp => new WorkersApp({ mode: 'forked', size: 10, ...options });

describe('a child for each connection', () => {
  test('answers a client while two others block theirs', async () => {
    await using app = start();
    await using first = await RawClient.open(await app.port());
    await using second = await RawClient.open(await app.port());
    first.send(get('/block/60000', CLOSE));
    second.send(get('/block/60000', CLOSE));
    await app.until(() => (app.count('block begun') === 2 ? true : undefined), 'both');
    for (let count = 0; count < 5; count++) expect(Number(await app.get('/'))).toBeGreaterThan(0);
    expect([first.received, second.received]).toEqual(['', '']);
  });

  test.each(['is busy with what a handler left behind', 'was stopped'])('is not one that %s', async (how) => {
    await using app = start();
    const wasStopped = how === 'was stopped';
    const pid = await app.get(wasStopped ? '/' : '/leave-behind/60000');
    if (wasStopped) process.kill(Number(pid), 'SIGSTOP');
    else await app.until(() => (app.count('left behind begun') === 1 ? true : undefined), 'the rest');
    for (let count = 0; count < 5; count++) expect(await app.get('/')).not.toBe(pid);
    process.kill(Number(pid), 'SIGKILL');
  });

  test('keeps its child as long as the connection lasts, and gets each request of it', async () => {
    await using app = start();
    await using client = await RawClient.open(await app.port());
    client.send(get('/') + get('/') + get('/'));
    const together = await client.responses(3);
    client.received = '';
    client.send(get('/', CLOSE));
    const last = await client.response();
    const pids = new Set([...together, last].map(({ body }) => body));
    expect(pids.size).toBe(1);
    await client.ended();
  });

  test('loses no byte on the way, however they come', async () => {
    await using app = start();
    const port = await app.port();
    const body = 'x'.repeat(5_000_000);
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        await using client = await RawClient.open(port);
        client.send(request('POST', '/length', [CLOSE], 'y'.repeat(900_000)));
        expect((await client.response()).body).toBe('900000');
      }),
    );
    const [answer] = (await once(
      httpRequest({ port, host: '127.0.0.1', path: '/length', method: 'POST' }).end(body),
      'response',
    )) as [IncomingMessage];
    // The limit of bodies is 1 MiB.
    expect(answer.statusCode).toBe(413);
    answer.destroy();
    await using slow = await RawClient.open(port);
    for (const byte of get('/', CLOSE)) {
      slow.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await slow.response()).status).toBe(200);
  });

  test('is kept waiting by no client that says nothing', async () => {
    await using app = start({ minSpare: 2 });
    const silent = await Promise.all(Array.from({ length: 500 }, async () => RawClient.open(await app.port())));
    // One answers this; the end of the question before may not have been heard of yet.
    const busy = (told: readonly { readonly connections: number }[]): number =>
      told.reduce((sum, { connections }) => sum + connections, 0);
    const workers = await app.settled(
      (told) => told.filter(({ state }) => state === 'ready').length === 3 && busy(told) === 1,
    );
    expect(busy(workers)).toBe(1);
    expect(app.count('onWorkerStart')).toBe(3);
    for (const client of silent) client.socket.destroy();
  });

  test('is told 408 where it says nothing for too long', async () => {
    await using app = start({ size: 1, headersTimeoutMs: 200 });
    await using client = await RawClient.open(await app.port());
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('answers 1,000 connections with ten children', { timeout: 120_000 }, async () => {
    await using app = start({ maxQueued: 1_000, queueTimeoutMs: 60_000 });
    const port = await app.port();
    const pids = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true });
        socket.write(get('/', CLOSE));
        const parts = (await socket.toArray()) as Buffer[];
        return Buffer.concat(parts).toString().split('\r\n\r\n')[1];
      }),
    );
    expect(pids).toHaveLength(1_000);
    expect(new Set(pids).size).toBeLessThanOrEqual(10);
    for (const pid of pids) expect(pid).toMatch(/^\d+$/);
  });

  test('refuses with 503 who finds no place in the queue, and who waits too long there', async () => {
    await using app = start({ size: 1, maxQueued: 1, queueTimeoutMs: 300 });
    const port = await app.port();
    await using busy = await RawClient.open(port);
    busy.send(get('/block/3000', CLOSE));
    await app.until(() => (app.count('block begun') === 1 ? true : undefined), 'the block');
    await using waiting = await RawClient.open(port);
    waiting.send(get('/', CLOSE));
    await using refused = await RawClient.open(port);
    refused.send(get('/', CLOSE));
    const answers = await Promise.all([waiting.response(), refused.response()]);
    for (const { status, headers, body } of answers) {
      expect(status).toBe(503);
      expect([headers.get('retry-after'), headers.get('connection')]).toEqual(['1', 'close']);
      expect(JSON.parse(body)).toMatchObject({ status: 503 });
    }
    expect((await busy.response()).body).toBe('blocked');
  });

  test('is given up by a client that asks for nothing while others wait', async () => {
    await using app = start({ size: 1 });
    const port = await app.port();
    await using idle = await RawClient.open(port);
    await idle.send(get('/')).response();
    await using next = await RawClient.open(port);
    expect((await next.send(get('/', CLOSE)).response()).status).toBe(200);
    await idle.ended();
  });

  test('holds at most maxStreams of WebSockets and event streams', async () => {
    await using app = start({ size: 4 });
    const port = await app.port();
    await using socket = await WebSocketClient.open(port, '/chat');
    await using feed = await EventClient.open(port, '/feed');
    expect(await WebSocketClient.refused(port, '/chat')).toMatchObject({ status: 503 });
    await using third = await RawClient.open(port);
    const refusal = await third.send(get('/feed', 'accept: text/event-stream', CLOSE)).response();
    expect([refusal.status, refusal.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
    expect(await app.get('/')).toMatch(/^\d+$/);
    await app.get('/publish');
    expect(await feed.data(1)).toEqual(['published']);
    expect(socket.closed).toBeUndefined();
  });

  test('keeps no place of a stream that it does not use, while it blocks', async () => {
    await using app = start({ size: 5, maxStreams: 2, minSpare: 3 });
    const port = await app.port();
    // All children that there are from the start on.
    const busy = await Promise.all([1, 2, 3].map(() => RawClient.open(port)));
    for (const client of busy) client.send(get('/block/60000', CLOSE));
    await app.until(() => (app.count('block begun') === 3 ? true : undefined), 'all three');
    await using first = await EventClient.open(port, '/feed');
    await using second = await EventClient.open(port, '/feed');
    expect([first.status, second.status]).toEqual([200, 200]);
    for (const { socket } of busy) socket.destroy();
  });

  test('that is killed takes its client with it, and nobody else', async () => {
    await using app = start();
    const port = await app.port();
    await using doomed = await RawClient.open(port);
    const pid = Number((await doomed.send(get('/')).response()).body);
    await using other = await RawClient.open(port);
    await other.send(get('/')).response();
    process.kill(pid, 'SIGKILL');
    await doomed.ended();
    other.received = '';
    expect((await other.send(get('/', CLOSE)).response()).status).toBe(200);
    expect(await app.get('/')).not.toBe(String(pid));
  });

  test('that is killed while it blocks leaves its place to another, for who waits', async () => {
    await using app = start({ size: 2 });
    const port = await app.port();
    const blocked: RawClient[] = [];
    for (const count of [1, 2]) {
      blocked.push((await RawClient.open(port)).send(get('/block/60000')));
      await app.until(() => (app.count('block begun') === count ? true : undefined), 'a block');
    }
    await using waiting = await RawClient.open(port);
    waiting.send(get('/', CLOSE));
    const [, pid] = /block begun by (\d+)/.exec(app.output) ?? [];
    process.kill(Number(pid), 'SIGKILL');
    expect((await waiting.response()).body).not.toBe(pid);
    const [first, second] = blocked;
    expect(await first?.ended()).toBe('');
    expect([second?.received, second?.isClosed]).toEqual(['', false]);
    await Promise.all(blocked.map((client) => client[Symbol.asyncDispose]()));
  });

  test('is told of with its connection', async () => {
    await using app = start({ size: 3 });
    await using blocked = await RawClient.open(await app.port());
    blocked.send(get('/block/60000'));
    const [, pid] = await app.said(/block begun by (\d+)/);
    const workers = await app.settled((told) => told.filter(({ state }) => state === 'ready').length === 3);
    const connections = new Map(workers.map((worker) => [worker.pid, worker.connections]));
    expect(connections.get(Number(pid))).toBe(1);
    // One answers this.
    expect([...connections.values()].sort((one, other) => one - other)).toEqual([0, 1, 1]);
    expect(new Set(workers.map(({ id }) => id))).toEqual(new Set([1, 2, 3]));
  });

  test('goes on taking connections for a while when the server stops, where it is told so', async () => {
    await using app = start({ size: 3, drainDelayMs: 600 });
    const url = await app.url('/ready');
    expect((await fetch(url, { headers: { connection: 'close' } })).status).toBe(200);
    app.kill('SIGTERM');
    const statuses = new Set<number>();
    while (!statuses.has(503)) statuses.add((await fetch(url, { headers: { connection: 'close' } })).status);
    const answers = await Promise.all(Array.from({ length: 6 }, () => app.get('/')));
    for (const answer of answers) expect(answer).toMatch(/^\d+$/);
    expect(await app.exit).toEqual({ code: 0, signal: null });
  });

  test('has had its one connection, even where nothing came that could be understood', async () => {
    await using app = start({ maxRequestsPerWorker: 1 });
    const port = await app.port();
    for (let count = 0; count < 4; count++) {
      await using client = await RawClient.open(port);
      client.send('no request at all\r\n\r\n');
      expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 /);
    }
    // One that serves the next client is none of those.
    await app.until(() => (app.count('onWorkerStop') === 4 ? true : undefined), 'the end of each');
  });

  test('ends after as many requests as it may have: with 1, each connection has a process that nobody had', async () => {
    await using app = start({ maxRequestsPerWorker: 1 });
    const pids = new Set<string>();
    for (let count = 0; count < 6; count++) pids.add(await app.get('/'));
    expect(pids.size).toBe(6);
    app.kill('SIGTERM');
    expect(await app.exit).toEqual({ code: 0, signal: null });
  });

  test('shares limits, topics and clients with the others', async () => {
    await using app = start();
    const port = await app.port();
    await using one = await WebSocketClient.open(port, '/chat');
    await using other = await WebSocketClient.open(port, '/chat');
    expect(await one.messages(1)).not.toEqual(await other.messages(1));
    one.send('hello');
    const [, heard] = await other.messages(2);
    expect(heard).toBe('hello');
  });

  test('stops with all kinds of clients, in time', async () => {
    await using app = start({ size: 3, drainTimeoutMs: 1_000 });
    const port = await app.port();
    await using idle = await RawClient.open(port);
    await idle.send(get('/')).response();
    await using silent = await RawClient.open(port);
    await using slow = await RawClient.open(port);
    slow.send(get('/slow'));
    await app.said('slow begun');
    await using blocked = await RawClient.open(port);
    blocked.send(get('/block/60000'));
    await app.said('block begun');
    await using queued = await RawClient.open(port);
    queued.send(get('/'));
    app.kill('SIGTERM');
    expect((await slow.response()).body).toBe('slow answer');
    expect((await queued.response()).status).toBe(503);
    expect((await Promise.all([idle, silent, queued, blocked].map((client) => client.ended()))).at(-1)).toBe('');
    expect(silent.received).toBe('');
    expect(await app.exit).toEqual({ code: 1, signal: null });
    expect(app.report()).toMatchObject({ reason: 'SIGTERM', forced: 1 });
  });

  test('stops without a word about what children do not hear that are starting', async () => {
    await using app = start({ minSpare: 4 });
    const port = await app.port();
    const holders = await Promise.all(Array.from({ length: 3 }, () => RawClient.open(port)));
    for (const holder of holders) holder.send(get('/hang'));
    await app.until(() => (app.count('hang begun') === 3 ? true : undefined), 'all three');
    app.kill('SIGTERM');
    for (const holder of holders) await holder[Symbol.asyncDispose]();
    await app.exit;
    expect(app.errors).not.toMatch(/Nobody sees|could not be seen to/);
  });

  test('leaves no process behind when it stops, after many came and went', async () => {
    await using app = start({ maxSpare: 2 });
    const port = await app.port();
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const ask = async (): Promise<number> => {
      const [response] = (await once(httpGet({ port, host: '127.0.0.1', agent }), 'response')) as [IncomingMessage];
      const parts = (await response.toArray()) as Buffer[];
      return Number(Buffer.concat(parts));
    };
    const pids = new Set(await Promise.all(Array.from({ length: 40 }, ask)));
    agent.destroy();
    // Two that wait, and the one that answers this.
    await app.settled((workers) => workers.length === 3);
    app.kill('SIGTERM');
    expect(await app.exit).toEqual({ code: 0, signal: null });
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
  });

  test.skipIf(!hasOpenssl())('speaks TLS, also with a client that sends its first bytes one by one', async () => {
    await using folder = await TempFolder.create();
    const { key, cert } = await makeCertificate('forked.test');
    const tls = { key: folder.at('key'), cert: folder.at('cert') };
    await Promise.all([writeFile(tls.key, key), writeFile(tls.cert, cert)]);
    await using app = start({ at: 'tls://127.0.0.1', tls });
    const port = await app.port();
    for (let count = 0; count < 5; count++) {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      socket.write(get('/', CLOSE));
      const parts = (await socket.toArray()) as Buffer[];
      expect(Buffer.concat(parts).toString()).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\n\d+$/);
    }
  });
});
