import { describe, expect, test } from 'vitest';
import { HttpError, HttpServer } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { openServer, portless } from '../support/open-server.ts';

const identify = {
  identify: (request: { header(name: string): string | undefined }): string => request.header('x-user') ?? '',
};
const as = (user: string): RequestInit => ({ headers: { 'x-user': user } });

describe('connect and disconnect', () => {
  test('serve the two paths, tell the handlers once, and keep the registry', async () => {
    const told: string[] = [];
    const { server } = portless(
      (app) =>
        app
          .connect(
            async (client, clients, reason) => void told.push(`+${client.id} ${reason} ${await clients.count()}`),
          )
          .disconnect((client, _clients, reason) => void told.push(`-${client.id} ${reason} ${client.requests}`))
          .get('/', (each) => each.client.id),
      identify,
    );
    expect(await (await server.fetch('/connect', as('ada'))).text()).toBe('Client successfully connected.');
    await server.fetch('/connect', as('ada'));
    await server.fetch('/', as('ada'));
    expect(await server.clients.get('ada')).toMatchObject({ id: 'ada', address: '127.0.0.1', requests: 2 });
    expect(await (await server.fetch('/disconnect', as('ada'))).text()).toBe('Client successfully disconnected.');
    expect((await server.fetch('/disconnect', as('ada'))).status).toBe(200);
    expect(told).toEqual(['+ada request 0', '-ada request 3']);
  });

  test('answer HEAD and change nothing by it', async () => {
    const { server } = portless((app) => app.connect().disconnect());
    expect((await server.fetch('/connect', { method: 'HEAD' })).status).toBe(200);
    expect(await server.clients.count()).toBe(0);
    await server.fetch('/connect');
    await server.fetch('/disconnect', { method: 'HEAD' });
    expect(await server.clients.count()).toBe(1);
  });

  test('give the answer of a handler that refuses a client', async () => {
    const { server } = portless((app) =>
      app.connect(() => {
        throw new HttpError(403, 'Not you.');
      }),
    );
    expect((await server.fetch('/connect')).status).toBe(403);
    expect(await server.clients.count()).toBe(0);
  });

  test.each([
    ['', '127.0.0.1'],
    [undefined, '127.0.0.1'],
    [7, '7'],
    ['ada', 'ada'],
  ])('know a client by %j as %s', async (named, id) => {
    const { server } = portless((app) => app.connect(), { identify: () => named as never });
    await server.fetch('/connect');
    expect((await server.clients.list()).map((client) => client.id)).toEqual([id]);
  });

  test.each([
    [() => ({})],
    [() => Promise.reject(new Error('late'))],
    [
      () => {
        throw new Error('broken');
      },
    ],
  ])('answer 500 where identify gives neither text nor a number', async (identifyBadly) => {
    const { server } = portless((app) => app.connect(), { identify: identifyBadly as never });
    expect((await server.fetch('/connect')).status).toBe(500);
  });

  test('let nobody in before the handler is through, however often it is asked', async () => {
    const gate = deferred();
    const told: string[] = [];
    let asked = 0;
    const { server } = portless((app) =>
      app
        .connectionRequired()
        .get('/', () => 'in')
        .connect(async () => {
          asked += 1;
          await gate.promise;
          throw new HttpError(401, 'Not you.');
        })
        .disconnect((client) => void told.push(client.id)),
    );
    const [first, second, leaving] = [server.fetch('/connect'), server.fetch('/connect'), server.fetch('/disconnect')];
    await new Promise(setImmediate);
    expect((await server.fetch('/')).status).toBe(403);
    gate.resolve();
    expect([(await first).status, (await second).status, (await leaving).status, asked, told]).toEqual([
      401,
      401,
      200,
      1,
      [],
    ]);
  });

  test('tell of a client that leaves while it connects after it has connected', async () => {
    const gate = deferred();
    const told: string[] = [];
    const { server } = portless((app) =>
      app
        .connect(async () => {
          await gate.promise;
          told.push('connected');
        })
        .disconnect(() => void told.push('disconnected')),
    );
    const connecting = server.fetch('/connect');
    await new Promise(setImmediate);
    const leaving = server.fetch('/disconnect');
    await new Promise(setImmediate);
    gate.resolve();
    await Promise.all([connecting, leaving]);
    expect(told).toEqual(['connected', 'disconnected']);
  });

  test('tell everybody of a stop at once, whatever one handler does', async () => {
    const told: string[] = [];
    const hangs = deferred();
    await using open = await openServer((app) =>
      app.disconnect(async (client) => {
        if (client.id === 'a') await hangs.promise;
        told.push(client.id);
      }),
    );
    for (const id of ['a', 'b', 'c']) await open.server.on(id);
    const stopping = open.server.shutdown({ timeoutMs: 0 });
    await expect.poll(() => told).toEqual(['b', 'c']);
    hangs.resolve();
    await stopping;
  });

  test('disconnect everybody when the server stops, before the hooks of the app', async () => {
    const told: string[] = [];
    await using open = await openServer((app) =>
      app
        .connect()
        .disconnect((client, _clients, reason) => void told.push(`${client.id} ${reason}`))
        .onShutdown(() => void told.push('hook')),
    );
    await fetch(`http://127.0.0.1:${open.port}/connect`);
    await open.server.on('10.0.0.9');
    await open.server.shutdown();
    expect(told).toEqual(['127.0.0.1 shutdown', '10.0.0.9 shutdown', 'hook']);
  });

  test('forget who is silent for clientIdleMs', async () => {
    const gone = deferred<string>();
    await using open = await openServer(
      (app) => app.connect().disconnect((_client, _clients, reason) => gone.resolve(reason)),
      { clientIdleMs: 50 },
    );
    await fetch(`http://127.0.0.1:${open.port}/connect`);
    expect(await gone.promise).toBe('idle');
  });

  test('refuse what is no handler, and a second registration', () => {
    expect(() => new HttpServer().connect('x' as never)).toThrow(/connect takes a handler/);
    expect(() => new HttpServer().connect().connect()).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_DUPLICATE_ROUTE' }),
    );
    expect(() => new HttpServer().connect(() => undefined, ...([() => undefined] as never[]))).toThrow(
      /more arguments/,
    );
  });
});

describe('connectionRequired', () => {
  test('refuses others with 403, but for the paths that stay open', async () => {
    const { server } = portless((app) =>
      app
        .connectionRequired()
        .get('/', () => 'in')
        .post('/', () => 'in')
        .ping()
        .ready()
        .get('/open', { connectionRequired: false }, () => 'open'),
    );
    const status = async (path: string, method = 'GET'): Promise<number> =>
      (await server.fetch(path, { method })).status;
    expect([await status('/'), await status('/', 'POST'), await status('/nowhere'), await status('/', 'PUT')]).toEqual([
      403, 403, 403, 403,
    ]);
    expect(await (await server.fetch('/')).json()).toMatchObject({ code: 'ERR_PORTLIGHT_CONNECTION_REQUIRED' });
    expect([await status('/ping'), await status('/ready'), await status('/open'), await status('/disconnect')]).toEqual(
      [200, 200, 200, 200],
    );
    expect([await status('/connect'), await status('/'), await status('/nowhere')]).toEqual([200, 200, 404]);
    expect([await status('/disconnect'), await status('/')]).toEqual([200, 403]);
  });

  test('may be asked of one route alone', async () => {
    const { server } = portless((app) =>
      app
        .connect()
        .get('/members', { connectionRequired: true }, () => 'in')
        .get('/', () => 'open'),
    );
    expect([(await server.fetch('/')).status, (await server.fetch('/members')).status]).toEqual([200, 403]);
    await server.fetch('/connect');
    expect((await server.fetch('/members')).status).toBe(200);
  });

  test('uses the routes that the app has registered', async () => {
    const { server } = portless((app) =>
      app
        .connectionRequired()
        .get('/', () => 'in')
        .connect(() => undefined),
    );
    expect((await server.fetch('/connect')).status).toBe(200);
    expect((await server.fetch('/')).status).toBe(200);
  });

  test('keeps the paths open that are, whatever the method', async () => {
    const { server } = portless((app) =>
      app
        .connectionRequired()
        .ping()
        .ready()
        .get('/in', () => 'in')
        .post('/open', { connectionRequired: false }, () => 'open'),
    );
    const status = async (method: string, path: string): Promise<number> =>
      (await server.fetch(path, { method })).status;
    expect([
      await status('POST', '/ping'),
      await status('PUT', '/ready'),
      await status('PUT', '/open'),
      await status('POST', '/in'),
    ]).toEqual([405, 405, 405, 403]);
    expect([
      await status('OPTIONS', '/connect'),
      await status('OPTIONS', '/in'),
      await status('OPTIONS', '/nowhere'),
    ]).toEqual([204, 204, 404]);
  });

  test('of one route alone is served with the routes that it needs', async () => {
    const { server } = portless((app) => app.get('/in', { connectionRequired: true }, () => 'in'));
    expect([(await server.fetch('/connect')).status, (await server.fetch('/in')).status]).toEqual([200, 200]);
  });

  test('says what to do where the app has a route of its own in the way', async () => {
    const { server } = portless((app) => app.get('/connect', () => 'mine').connectionRequired());
    await expect(server.start()).rejects.toThrow(/use connect\(handler\)/);
  });

  test('takes true or false', () => {
    expect(() => new HttpServer().connectionRequired(1 as never)).toThrow(/true or false/);
  });
});

test('what identifies a client is short', async () => {
  const { server } = portless((app) => app.connect(), identify);
  expect((await server.fetch('/connect', as('x'.repeat(257)))).status).toBe(400);
  await expect(server.on('x'.repeat(257))).rejects.toMatchObject({ status: 400 });
});

test('a server that never started tells of its clients when it is shut down', async () => {
  const told: string[] = [];
  const { server } = portless((app) =>
    app.disconnect((client, _clients, reason) => void told.push(`${client.id} ${reason}`)),
  );
  await server.on('a');
  await server.shutdown();
  expect(told).toEqual(['a shutdown']);
});

describe('on and off', () => {
  test('mark a client by hand, without an argument the server itself', async () => {
    const told: string[] = [];
    const { server } = portless((app) =>
      app
        .connect((client, _clients, reason) => void told.push(`+${client.id} ${reason}`))
        .disconnect((client, _clients, reason) => void told.push(`-${client.id} ${reason}`)),
    );
    await server.on();
    await server.on('::ffff:10.0.0.7');
    await server.off('10.0.0.7');
    await server.off('10.0.0.7');
    await server.off();
    expect(told).toEqual(['+127.0.0.1 manual', '+10.0.0.7 manual', '-10.0.0.7 manual', '-127.0.0.1 manual']);
  });

  test('are no methods of events', () => {
    const server = new HttpServer() as unknown as {
      on: (...args: unknown[]) => unknown;
      off: (...args: unknown[]) => unknown;
    };
    expect(() => server.on('request', () => undefined)).toThrow(/takes no handler/);
    expect(() => server.off('request', () => undefined)).toThrow(/takes no handler/);
    expect(() => server.on(7)).toThrow(/address of a client/);
  });
});
