import { HttpServer, Router } from 'portlight';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { socketIo, type SocketIoOptions } from '../src/index.ts';

const refused = (code: string, message: string): unknown =>
  expect.objectContaining({
    name: 'ConfigError',
    code,
    message: expect.stringContaining(message) as unknown,
  });

describe('socketIo', () => {
  test.each<[unknown, string]>([
    ['/socket.io', "socketIo takes options such as { path: '/socket.io/' }, not /socket.io."],
    [null, 'not null'],
    [[], 'socketIo takes options'],
    [{ path: '' }, 'The option path of socketIo is a path such as'],
    [{ path: '/' }, 'not "/"'],
    [{ path: 'socket.io' }, 'not "socket.io"'],
    [{ path: '/a//b' }, 'not "/a//b"'],
    [{ path: '/a/../b' }, 'not "/a/../b"'],
    [{ path: '/a/:id' }, 'not "/a/:id"'],
    [{ path: 7 }, 'not 7'],
    [{ pingIntervall: 1 }, 'socketIo has no option pingIntervall'],
    [{ pingInterval: '1s' }, 'The option pingInterval of socketIo cannot be "1s".'],
    [{ pingInterval: 0 }, 'cannot be 0'],
    [{ pingTimeout: NaN }, 'The option pingTimeout'],
    [{ maxHttpBufferSize: -1 }, 'The option maxHttpBufferSize'],
    [{ connectTimeout: 2 ** 31 }, 'The option connectTimeout'],
    [{ transports: [] }, 'The option transports'],
    [{ transports: ['webtransport'] }, 'The option transports'],
    [{ transports: ['polling', 'polling'] }, 'The option transports'],
    [{ transports: 'polling' }, 'The option transports'],
    [{ cors: '*' }, 'The option cors of socketIo cannot be "*".'],
    [{ allowRequest: true }, 'The option allowRequest'],
    [{ destroyUpgrade: false }, 'socketIo has no option destroyUpgrade: upgrades of other paths'],
    [{ connectionStateRecovery: {} }, 'socketIo has no option connectionStateRecovery: what a client missed'],
    [{ rateLimit: false }, 'those of a route go into { route: { … } }'],
    [{ route: { body: {} } }, 'The option route of socketIo has connectionRequired, rateLimit, use, and no body.'],
    [{ route: [] }, 'The option route of socketIo is an object'],
  ])('refuses %j', (options, message) => {
    const call = (): unknown => socketIo(new HttpServer(), options as SocketIoOptions);
    expect(call).toThrow(refused('ERR_PORTLIGHT_INVALID_OPTION', message));
  });

  test.each([0, -1, 1.5, 2 ** 30 + 1, '1', null])('refuses maxBackpressureBytes of %j', (maxBackpressureBytes) => {
    expect(() => socketIo(new HttpServer(), { maxBackpressureBytes: maxBackpressureBytes as number })).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
    );
  });

  test.each([{ max: 0, windowSeconds: 1 }, 7])('refuses the limit %j as a route does', (rateLimit) => {
    expect(() => socketIo(new HttpServer(), { route: { rateLimit: rateLimit as never } })).toThrow(
      expect.objectContaining({ name: 'ConfigError' }),
    );
  });

  test.each([undefined, null, {}, new Router()])('refuses what is no server: %j', (server) => {
    expect(() => socketIo(server as HttpServer)).toThrow(refused('ERR_PORTLIGHT_CONFIG', 'A guest needs a server'));
  });

  test.each(['/socket.io', '/socket.io/'])('refuses the path of another one: %s', (path) => {
    const server = new HttpServer();
    socketIo(server);
    expect(() => socketIo(server, { path })).toThrow(refused('ERR_PORTLIGHT_DUPLICATE_ROUTE', '/socket.io'));
    expect(() => socketIo(server, { path: '/other' })).not.toThrow();
  });

  test.each([
    ['all', (server: HttpServer) => server.all('/socket.io', () => 'mine')],
    ['accept', (server: HttpServer) => server.accept('/socket.io', () => 'mine')],
  ] as const)('refuses the path of a route: %s', (_, register) => {
    const server = register(new HttpServer());
    expect(() => socketIo(server)).toThrow(refused('ERR_PORTLIGHT_DUPLICATE_ROUTE', '/socket.io'));
    expect(server.routes()).toHaveLength(1);
  });

  test('refuses a server that has started', async () => {
    const server = await new HttpServer('127.0.0.1', 0)
      .debug(false)
      .get('/', () => '')
      .start();
    expect(() => socketIo(server)).toThrow(
      refused('ERR_PORTLIGHT_LATE_REGISTRATION', 'socketIo("/socket.io") comes too late'),
    );
    await server.shutdown();
  });

  test('is among the routes of the server', () => {
    const server = new HttpServer();
    socketIo(server, { path: '/chat/', route: { rateLimit: false } });
    expect(server.routes()).toEqual([
      { kind: 'http', method: null, pattern: '/chat{/*rest}', options: { rateLimit: false } },
      { kind: 'websocket', method: 'GET', pattern: '/chat{/*rest}', options: { rateLimit: false } },
    ]);
  });

  test('has the types of the events that it is told', () => {
    interface Sent {
      told: (text: string, at: number) => void;
    }
    interface Heard {
      tell: (text: string, answer: (count: number) => void) => void;
    }
    const io = socketIo<Heard, Sent>(new HttpServer());
    io.on('connection', (socket) => {
      socket.on('tell', (text, answer) => {
        expectTypeOf(text).toBeString();
        expectTypeOf(answer).toEqualTypeOf<(count: number) => void>();
      });
      // @ts-expect-error: there is no such event
      socket.emit('said', 'text');
    });
    // @ts-expect-error: nor this one
    io.emit('said');
    expect(io.emit('told', 'text', 1)).toBe(true);
  });
});
