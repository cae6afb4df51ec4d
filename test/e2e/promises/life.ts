import { once } from 'node:events';
import { type IncomingMessage, request as ask } from 'node:http';
import { createServer } from 'node:net';
import { expect } from 'vitest';
import { EventClient } from '../../../packages/portlight/test/support/event-client.ts';
import { get, RawClient, request } from '../../../packages/portlight/test/support/raw-client.ts';
import { TempFolder } from '../../../packages/portlight/test/support/temp-folder.ts';
import { hasOpenssl, makeCertificate } from '../../../packages/portlight/test/support/make-certificate.ts';
import { WebSocketClient } from '../../../packages/portlight/test/support/web-socket-client.ts';
import { App } from './app.ts';
import { Connection } from './connection.ts';
import type { Mode } from './modes.ts';
import type { PromisedOfLife } from './promised.ts';
import { askByTls } from './tls-client.ts';

/** The hooks that ran, and the code after `run`, in order: what, and the pid of where. */
function story(app: App): readonly (readonly [what: string, pid: number])[] {
  return app.lines(/^(hook|after run) /).map((line) => {
    const [, what, pid] = /^(?:hook )?(\S+(?: run)?) (\d+)/.exec(line) as unknown as [string, string, string];
    return [what, Number(pid)];
  });
}

/** Idle connections outlast a test, however slow the machine is. */
const PATIENT = { keepAliveTimeoutMs: 60_000 };

const LIFE: PromisedOfLife = {
  async 'hooks run in their order, as often as they shall, and the code after run in every process'(mode) {
    await using app = await App.start(mode);
    app.program.kill('SIGTERM');
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
    const pid = app.program.process.pid ?? 0;
    const told = story(app);
    const pids = (what: string): readonly number[] => told.filter(([each]) => each === what).map(([, where]) => where);
    const workers = pids('worker-start');
    expect(workers.includes(pid)).toBe(!mode.hasChildren);
    expect(new Set(workers).size).toBe(mode.serving);
    expect(new Set(pids('worker-stop'))).toEqual(new Set(workers));
    expect(new Set(pids('after run'))).toEqual(new Set([...workers, pid]));
    expect(told.filter(([what]) => what !== 'after run').map(([what]) => what)).toEqual([
      'primary',
      ...workers.map(() => 'worker-start'),
      'start',
      ...workers.map(() => 'worker-stop'),
      'shutdown',
    ]);
    for (const what of ['primary', 'start', 'shutdown']) expect(pids(what)).toEqual([pid]);
    expect(told.slice(-2)).toEqual([
      ['shutdown', pid],
      ['after run', pid],
    ]);
  },

  async 'SIGTERM ends every kind of client in order, tells of those that were connected, and exits with 0'(mode) {
    await using app = await App.start(mode, { options: PATIENT });
    await using idle = await RawClient.open(app.port);
    await idle.send(get('/connect', 'x-client: Ada')).response();
    await using half = await RawClient.open(app.port);
    half.send('GET /ping HTTP/1.1\r\nho');
    await using websocket = await WebSocketClient.open(app.port, '/echo');
    await using feed = await EventClient.open(app.port, '/feed/news');
    await using busy = await RawClient.open(app.port);
    busy.send(get('/until-draining'));
    await app.program.said('at work');
    app.program.kill('SIGTERM');
    const answer = await busy.response();
    expect([answer.status, answer.headers.get('connection'), answer.body]).toEqual([200, 'close', 'done']);
    expect((await websocket.end()).code).toBe(1001);
    expect(await feed.end()).toBe('end');
    expect(await idle.ended()).toMatch(/^HTTP\/1\.1 200 /);
    expect((await half.response()).status).toBe(408);
    await half.ended();
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
    expect(app.lines('left')).toEqual(['left Ada shutdown']);
    expect(app.lines(`after run ${app.program.process.pid} `)).toEqual([
      `after run ${app.program.process.pid} SIGTERM drained 5, forced 0`,
    ]);
  },

  async 'what is at work at the deadline is cut, and the exit code is 1'(mode) {
    await using app = await App.start(mode, { options: { drainTimeoutMs: 200 } });
    await using client = await RawClient.open(app.port);
    client.send(get('/forever'));
    await app.program.said('at work');
    app.program.kill('SIGTERM');
    expect(await client.ended()).toBe('');
    expect(await app.program.exit).toEqual({ code: 1, signal: null });
    expect(app.lines(`after run ${app.program.process.pid} `)).toEqual([
      `after run ${app.program.process.pid} SIGTERM drained 0, forced 1`,
    ]);
  },

  async 'a second signal ends at once, with 1'(mode) {
    await using app = await App.start(mode);
    await using websocket = await WebSocketClient.open(app.port, '/echo');
    await using client = await RawClient.open(app.port);
    client.send(get('/forever'));
    await app.program.said('at work');
    app.program.kill('SIGTERM');
    // The stop has begun.
    await websocket.end();
    app.program.kill('SIGINT');
    expect(await app.program.exit).toEqual({ code: 1, signal: null });
    expect(await client.ended()).toBe('');
    expect(app.lines('hook shutdown')).toEqual([]);
  },

  async 'a handler may ask for the stop'(mode) {
    await using app = await App.start(mode);
    expect((await app.ask('/stop')).status).toBe(204);
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
    expect(app.lines(`after run ${app.program.process.pid} shutdown`)).toHaveLength(1);
  },

  async 'an uncaught error ends its process in order: the app with 1, or a child that is replaced'(mode) {
    await using app = await App.start(mode);
    await using client = await RawClient.open(app.port);
    const { headers, body } = await client.send(get('/throw')).response();
    expect(body).toBe('done');
    await app.program.said('thrown for the test');
    if (mode.hasChildren) {
      await using connections = await app.connections();
      expect(connections.map((connection) => connection.process)).not.toContain(Number(headers.get('x-process')));
      app.program.kill('SIGTERM');
    }
    expect(await app.program.exit).toEqual({ code: mode.hasChildren ? 0 : 1, signal: null });
  },

  async 'a wrong route is told at once, once, where it stands'(mode) {
    await using app = new App(mode, { isWrong: true });
    expect(await app.program.exit).toEqual({ code: 1, signal: null });
    expect(app.program.errors.match(/^ConfigError: /gm)).toHaveLength(1);
    expect(app.program.errors).toMatch(/at .*promises\.mjs:\d+/);
    expect(story(app)).toEqual([]);
  },

  async 'a port that is taken is told, and nothing is left'(mode) {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    await using app = new App(mode, { port });
    expect(await app.program.exit).toEqual({ code: 1, signal: null });
    expect(app.program.errors).toContain('PortInUseError');
    expect(app.program.errors).toContain(String(port));
    expect(story(app).map(([what]) => what)).not.toContain('start');
    holder.close();
  },

  async 'connections are counted once for all processes, in all and for each address'(mode) {
    await using app = await App.start(mode, { options: { maxConnections: 12, maxConnectionsPerIp: 8, ...PATIENT } });
    const connections: Connection[] = [];
    const comeIn = async (count: number, localAddress: string): Promise<number> => {
      const came = await Promise.all(
        Array.from({ length: count }, async () => {
          const connection = new Connection(app.port);
          connections.push(connection);
          return connection.ask('/ping', { localAddress }).then(
            ({ status }) => status === 200,
            () => false,
          );
        }),
      );
      return came.filter(Boolean).length;
    };
    expect(await comeIn(20, '127.0.0.1')).toBe(8);
    expect(await comeIn(20, '127.0.0.2')).toBe(4);
    expect(await comeIn(4, '127.0.0.3')).toBe(0);
    await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
    // When the server has seen that they are gone.
    while ((await comeIn(1, '127.0.0.1')) === 0);
  },

  async 'channels are counted once for all processes, WebSockets and event streams together'(mode) {
    const websocket = { maxChannels: 9, maxChannelsPerIp: 7 };
    await using app = await App.start(mode, { options: { websocket } });
    const feeds = await Promise.all(Array.from({ length: 4 }, () => EventClient.open(app.port, '/feed/news')));
    expect(feeds.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const open = async (localAddress: string): Promise<WebSocketClient | undefined> => {
      try {
        return await WebSocketClient.open(app.port, '/echo', { localAddress });
      } catch {
        return undefined;
      }
    };
    const sockets = await Promise.all(Array.from({ length: 10 }, () => open('127.0.0.1')));
    expect(sockets.filter((socket) => socket !== undefined)).toHaveLength(3);
    expect((await WebSocketClient.refused(app.port, '/echo')).status).toBe(429);
    const others = await Promise.all(Array.from({ length: 10 }, () => open('127.0.0.2')));
    expect(others.filter((socket) => socket !== undefined)).toHaveLength(2);
    expect((await WebSocketClient.refused(app.port, '/echo', { localAddress: '127.0.0.3' })).status).toBe(503);
  },

  async 'clients that keep a process waiting are ended, and those that say nothing are forgotten, once'(mode) {
    const options = { headersTimeoutMs: 300, requestTimeoutMs: 600, keepAliveTimeoutMs: 300, clientIdleMs: 500 };
    await using app = await App.start(mode, { options });
    await using idle = await RawClient.open(app.port);
    await using head = await RawClient.open(app.port);
    await using body = await RawClient.open(app.port);
    idle.send(get('/connect', 'x-client: Ada'));
    head.send('GET /ping HTTP/1.1\r\nho');
    body.send(request('POST', '/points', ['content-type: application/json'], '{"x":1}').slice(0, -4));
    expect((await head.response()).status).toBe(408);
    expect((await body.response()).status).toBe(408);
    expect(await idle.ended()).toContain('Client successfully connected.');
    await app.program.said('left Ada idle');
    expect(await app.linesByNow('left Ada')).toEqual(['left Ada idle']);
  },

  async 'TLS is spoken by every process, and a session is taken up by any'(mode) {
    const { key, cert } = await makeCertificate('app.test');
    await using app = await App.start(mode, { options: { tls: { key, cert } } });
    const { session, process: first, isResumed: isKnown } = await askByTls(app.port, cert);
    expect(isKnown).toBe(false);
    const reached = new Set([first]);
    do {
      // At once: of processes with one connection each, the same one would take each that follows another.
      const again = await Promise.all(Array.from({ length: 4 }, () => askByTls(app.port, cert, session)));
      for (const { isResumed, process } of again) {
        expect(isResumed).toBe(true);
        reached.add(process);
      }
    } while (reached.size < mode.serving);
  },

  async 'a unix socket is served, and removed'(mode) {
    await using folder = await TempFolder.create();
    const path = folder.at('app.sock');
    await using app = await App.start(mode, { address: `unix://${path}` });
    const sent = ask({ socketPath: path, path: '/users/7', agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.resume().statusCode).toBe(200);
    app.program.kill('SIGTERM');
    expect(await app.program.exit).toEqual({ code: 0, signal: null });
    expect(await folder.names()).toEqual([]);
  },
};

/** Those that can be tried on this machine. */
export const LIVES: readonly (readonly [what: string, keep: (mode: Mode) => Promise<void>])[] = Object.entries(
  LIFE,
).filter(([what]) => !what.startsWith('TLS') || hasOpenssl());
