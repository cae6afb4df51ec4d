import { describe, expect, test } from 'vitest';
import { HttpServer, Router } from '../../src/index.ts';

// A caller without types may write whatever it is used to.
type Loose = Record<string, (...args: unknown[]) => unknown>;
const router = (): Loose => new Router() as unknown as Loose;
const server = (): Loose => new HttpServer('127.0.0.1', 0) as unknown as Loose;
const LooseServer = HttpServer as unknown as new (...args: unknown[]) => HttpServer;

const auth = (): void => {};
const log = (): void => {};
const list = (): string => 'x';
const other = new Router();

/** A call that is wrong, and the one that its error suggests. */
type Row = readonly [wrong: string, call: (app: Loose) => unknown, suggestion: string];

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toMatchObject({ name: 'ConfigError', code: expect.stringMatching(/^ERR_PORTLIGHT_/) as string });
    return (error as Error).message;
  }
  throw new Error('Nothing was thrown.');
}

/** Calls that are right elsewhere: functions of more parameters than they are given here. */
const PARAMETERS: readonly Row[] = [
  [
    '(req, res)',
    (app) => app['get']?.('/x', (_req: unknown, _res: unknown) => {}),
    "write get('/x', (request) => 'Hello').",
  ],
  [
    '(req, res, next) of a route',
    (app) => app['post']?.('/x', { tags: ['x'] }, (_req: unknown, _res: unknown, _next: unknown) => {}),
    "write post('/x', (request) => 'Hello').",
  ],
  [
    '(request, reply) of several methods',
    (app) => app['route']?.('GET|POST', '/x', async (_request: unknown, _reply: unknown) => {}),
    "write route('GET|POST', '/x', (request) => 'Hello').",
  ],
  [
    '(req, res, next)',
    (app) => app['use']?.((_req: unknown, _res: unknown, _next: unknown) => {}),
    'write use((request, next) => next()).',
  ],
  [
    '(req, res, next) at a path',
    (app) => app['use']?.('/x', (_req: unknown, _res: unknown, _next: unknown) => {}),
    "write use('/x', (request, next) => next()).",
  ],
  [
    '(err, req, res, next)',
    (app) => app['use']?.((_err: unknown, _req: unknown, _res: unknown, _next: unknown) => {}),
    'write error((error, request) => HttpResponse.problem(error)).',
  ],
  [
    '(err, req, res, next) in error',
    (app) => app['error']?.((_err: unknown, _req: unknown, _res: unknown, _next: unknown) => {}),
    'write error((error, request) => HttpResponse.problem(error)).',
  ],
  [
    '(error, request, reply) for a status',
    (app) => app['error']?.(404, (_error: unknown, _request: unknown, _reply: unknown) => {}),
    'write error(404, (error, request) => HttpResponse.problem(error)).',
  ],
  [
    '(req, res, next) in the option use',
    (app) => app['get']?.('/x', { use: [(_req: unknown, _res: unknown, _next: unknown) => {}] }, list),
    'a function of the request and next',
  ],
  [
    '(request, reply, payload)',
    (app) => app['onResponse']?.((_request: unknown, _reply: unknown, _payload: unknown) => {}),
    'write onResponse((response, request) => …).',
  ],
  [
    '(request, reply) behind an answer',
    (app) => app['onFinish']?.((_request: unknown, _reply: unknown) => {}),
    'write onFinish(({ request, status }) => …).',
  ],
  [
    '(request, reply, next) of events',
    (app) => app['events']?.('/x', (_request: unknown, _reply: unknown, _next: unknown) => {}),
    "write events('/x', (stream, request) => stream.join('news')).",
  ],
  [
    '(socket, request, next)',
    (app) => app['accept']?.('/x', (_socket: unknown, _request: unknown, _next: unknown) => {}),
    "write accept('/x', (message, channel) => message).",
  ],
  [
    '(instance, options, done) as a plugin',
    (app) => app['apply']?.((_instance: unknown, _options: unknown, _done: unknown) => {}),
    'write apply((router) => …).',
  ],
  [
    '(instance, options) of a group',
    (app) => app['group']?.('/x', (_instance: unknown, _options: unknown) => {}),
    "write group('/x', (group) => …).",
  ],
];

const ROUTES: readonly Row[] = [
  ['several handlers', (app) => app['get']?.('/x', auth, list), "write get('/x', { use: [auth] }, list)."],
  ['three handlers', (app) => app['post']?.('/x', auth, log, list), "write post('/x', { use: [auth, log] }, list)."],
  [
    'an array of middleware',
    (app) => app['get']?.('/x', [auth, log], list),
    "write get('/x', { use: [auth, log] }, list).",
  ],
  ['an array of all handlers', (app) => app['get']?.('/x', [auth, list]), "write get('/x', { use: [auth] }, list)."],
  [
    'handlers without names',
    (app) =>
      app['get']?.(
        '/x',
        () => 1,
        () => 2,
        () => 3,
      ),
    "write get('/x', { use: [first, second] }, handler).",
  ],
  [
    'options and several handlers',
    (app) => app['get']?.('/x', { maxBodyBytes: 5, use: [log] }, auth, list),
    "write get('/x', { maxBodyBytes: 5, use: [log, auth] }, list).",
  ],
  ['no handler', (app) => app['get']?.('/x'), "write get('/x', (request) => 'Hello')."],
  ['options alone', (app) => app['get']?.('/x', { maxBodyBytes: 5 }), "write get('/x', { maxBodyBytes: 5 }, handler)."],
  ['a handler among options', (app) => app['get']?.('/x', { handler: list }), "write get('/x', list)."],
  [
    'a handler and options in one',
    (app) => app['get']?.('/x', { maxBodyBytes: 5, handler: list }),
    "write get('/x', { maxBodyBytes: 5 }, list).",
  ],
  [
    'options behind the handler',
    (app) => app['get']?.('/x', list, { maxBodyBytes: 5 }),
    "write get('/x', { maxBodyBytes: 5 }, list).",
  ],
  ['no path', (app) => app['get']?.(list), "write get('/', list), or get(null, list) for every path."],
  ['an object for all', (app) => app['get']?.({ path: '/x', handler: list }), "write get('/x', list)."],
  ['a text for a handler', (app) => app['get']?.('/x', 'Hello'), "write get('/x', () => 'Hello')."],
  ['a router for a handler', (app) => app['get']?.('/x', other), "write mount('/x', router)."],
  ['undefined for a handler', (app) => app['get']?.('/x', undefined), 'not undefined'],
  ['a promise for a handler', (app) => app['get']?.('/x', Promise.resolve(list)), 'not Promise'],
  [
    'several handlers for all methods',
    (app) => app['all']?.(/x/, auth, list),
    'write all(/x/, { use: [auth] }, list).',
  ],
  [
    'several handlers for several methods',
    (app) => app['route']?.('GET|POST', '/x', auth, list),
    "write route('GET|POST', '/x', { use: [auth] }, list).",
  ],
  [
    'several handlers for a method of its own',
    (app) => app['route']?.('PROPFIND', '/x', auth, list),
    "write route('PROPFIND', '/x', { use: [auth] }, list).",
  ],
  [
    'methods in an array',
    (app) => app['route']?.(['GET', 'post'], '/x', list),
    "write route('GET|POST', pattern, handler).",
  ],
  [
    'a route as an object',
    (app) => app['route']?.({ method: 'get', url: '/x', handler: list }),
    "write route('GET', '/x', list).",
  ],
  [
    'several handlers of events',
    (app) => app['events']?.('/x', auth, list),
    "write events('/x', { use: [auth] }, list).",
  ],
  [
    'several handlers of a WebSocket',
    (app) => app['accept']?.('/x', {}, auth, list),
    "write accept('/x', { use: [auth] }, list).",
  ],
  ['no handler of a WebSocket', (app) => app['accept']?.('/x'), "write accept('/x', "],
];

const OTHERS: readonly Row[] = [
  ['methods with a bar too many', (app) => app['route']?.('GET|', '/x', list), "write route('GET', pattern, handler)."],
  ['methods that are bars', (app) => app['route']?.('|', '/x', list), "write route('GET|POST', pattern, handler)."],
  [
    'a WebSocket without a handler',
    (app) => app['accept']?.('/x'),
    "write accept('/x', (message, channel) => message).",
  ],
  ['several middleware', (app) => app['use']?.(auth, log), 'write use(auth).use(log).'],
  ['an array of middleware', (app) => app['use']?.([auth, log]), 'write use(auth).use(log).'],
  ['one middleware in an array', (app) => app['use']?.([auth]), 'write use(auth).'],
  [
    'middleware without names',
    (app) =>
      app['use']?.(
        () => 1,
        () => 2,
      ),
    'write use(first).use(second).',
  ],
  ['several middleware for a path', (app) => app['use']?.('/x', auth, log), "write use('/x', auth).use('/x', log)."],
  [
    'an array of middleware for a path',
    (app) => app['use']?.('/x', [auth, log]),
    "write use('/x', auth).use('/x', log).",
  ],
  ['a pattern behind its middleware', (app) => app['use']?.(auth, '/x'), "write use('/x', auth)."],
  ['a pattern alone', (app) => app['use']?.('/x'), "write use('/x', (request, next) => next())."],
  ['nothing to use', (app) => app['use']?.(), 'write use((request, next) => next()).'],
  ['undefined to use', (app) => app['use']?.(undefined), 'not undefined; write use('],
  ['a router to use', (app) => app['use']?.(other), "write mount('/', router)."],
  ['a router to use at a path', (app) => app['use']?.('/x', other), "write mount('/x', router)."],
  ['a status as text', (app) => app['error']?.('404', list), 'write error(404, list).'],
  ['a class of statuses in capitals', (app) => app['error']?.('5XX', list), "write error('5xx', list)."],
  ['several statuses', (app) => app['error']?.([404, 410], list), 'write error(404, list).error(410, list).'],
  ['a status behind its handler', (app) => app['error']?.(list, 404), 'write error(404, list).'],
  ['a status without a handler', (app) => app['error']?.(404), 'write error(404, (error, request) => …).'],
  ['a text for an error', (app) => app['error']?.(404, 'Not here'), "not 'Not here'; write error(404, "],
  ['a status that is no error', (app) => app['error']?.(200, list), 'write error(list).'],
  ['a router without a prefix', (app) => app['mount']?.(other), "write mount('/', router)."],
  ['a prefix behind its router', (app) => app['mount']?.(other, '/x'), "write mount('/x', router)."],
  ['a function to mount', (app) => app['mount']?.('/x', list), "write group('/x', list)."],
  ['nothing to mount', (app) => app['mount']?.('/x'), "write mount('/x', router)."],
  ['a group without a prefix', (app) => app['group']?.(list), "write group('/api', list)."],
  ['a router as a group', (app) => app['group']?.('/x', other), "write mount('/x', router)."],
  ['an object of headers', (app) => app['setHeader']?.({ 'x-a': 'b' }), "write setHeaders({ 'x-a': 'b' })."],
  ['Headers', (app) => app['setHeaders']?.(new Headers({ a: 'b' })), 'write setHeaders(Object.fromEntries(headers)).'],
  [
    'an object as a limit',
    (app) => app['setRateLimit']?.({ windowMs: 60_000, max: 100 }),
    'write setRateLimit(100, 60).',
  ],
  [
    'an object as a limit, in seconds',
    (app) => app['setRateLimit']?.({ limit: 5, windowSeconds: 10 }),
    'write setRateLimit(5, 10).',
  ],
  ['a limit without a window', (app) => app['setRateLimit']?.(100), 'write setRateLimit(100, 60).'],
  [
    'a call that other frameworks have',
    (app) => app['listen']?.(3000),
    "write new HttpServer('127.0.0.1', 3000), and then run().",
  ],
  [
    'that call with all it may have',
    (app) => app['listen']?.({ port: 3000, host: '0.0.0.0' }, list),
    "write new HttpServer('0.0.0.0', 3000), and then onStart(list).run().",
  ],
  ['that call without anything', (app) => app['listen']?.(), 'write run().'],
];

describe('a wrong call is told what to write instead', () => {
  test.each(PARAMETERS)('%s', (_name, call, suggestion) => {
    for (const app of [router(), server()]) expect(messageOf(() => call(app))).toContain(suggestion);
  });

  test('parameters that may be left out, and the rest of all, want nothing that is not given', () => {
    const app = server();
    app['get']?.('/a', (_request: unknown, _unit = 'ms') => 'a');
    app['get']?.('/b', (...args: readonly unknown[]) => args.length);
    app['use']?.((_request: unknown, next: () => unknown, _name = 'x') => next());
    app['use']?.((...args: readonly (() => unknown)[]) => args[1]?.());
    app['error']?.((_error: unknown, _request?: unknown, ..._rest: readonly unknown[]) => 'x');
    expect((app as unknown as HttpServer).routes()).toHaveLength(2);
  });

  test.each(ROUTES)('%s', (_name, call, suggestion) => {
    for (const app of [router(), server()]) expect(messageOf(() => call(app))).toContain(suggestion);
  });

  test.each(OTHERS)('%s', (_name, call, suggestion) => {
    expect(messageOf(() => call(server()))).toContain(suggestion);
  });

  test('a prefix of a router', () => {
    expect(messageOf(() => new (Router as unknown as new (prefix: string) => Router)('/x'))).toContain(
      "mount('/x', router)",
    );
  });
});

describe('a server of wrong arguments is told what to write instead', () => {
  test.each<[readonly unknown[], string]>([
    [[8080], "new HttpServer('127.0.0.1', 8080)."],
    [['8080'], "new HttpServer('127.0.0.1', 8080)."],
    [[8080, '0.0.0.0'], "new HttpServer('0.0.0.0', 8080)."],
    [[8080, { autostart: true }], "new HttpServer('127.0.0.1', 8080, { autostart: true })."],
    [[{ port: 3000 }], "new HttpServer('127.0.0.1', 3000)."],
    [[{ port: '3000', hostname: '::1' }], "new HttpServer('::1', 3000)."],
    [[{ port: 3000, host: '0.0.0.0', trustProxy: false }], "new HttpServer('0.0.0.0', 3000, { trustProxy: false })."],
    [[{}], "new HttpServer('127.0.0.1', 8080)."],
    [['0.0.0.0', { port: 3000 }], "new HttpServer('0.0.0.0', 3000)."],
    [['0.0.0.0', { trustProxy: false }], "new HttpServer('0.0.0.0', 8080, { trustProxy: false })."],
    [['0.0.0.0', '3000'], "new HttpServer('0.0.0.0', 3000)"],
    [['localhost:3000'], "new HttpServer('localhost', 3000)."],
    [[':3000'], "new HttpServer('127.0.0.1', 3000)."],
    [['[::1]:3000'], "new HttpServer('::1', 3000)."],
    [['http://localhost:3000'], "new HttpServer('localhost', 3000)."],
    [['http://localhost/'], "new HttpServer('localhost', 8080)."],
    [[new URL('http://localhost:3000')], "new HttpServer('localhost', 3000)."],
    [['https://localhost:3000'], "new HttpServer('tls://localhost:3000', undefined, { tls: … })."],
    [['/tmp/app.sock'], "new HttpServer('unix:///tmp/app.sock')."],
  ])('%j', (args, suggestion) => {
    expect(messageOf(() => new LooseServer(...args))).toContain(suggestion);
  });

  test.each<[readonly unknown[]]>([
    [['127.0.0.1']],
    [['::1', 0]],
    [['localhost', 0, {}]],
    [[undefined, 0]],
    [['tcp://127.0.0.1:80']],
    [['unix:///tmp/app.sock']],
    [[]],
  ])('%j is a server', (args) => {
    expect(new LooseServer(...args)).toBeInstanceOf(HttpServer);
  });
});

describe('a start of wrong arguments is told what to write instead', () => {
  test.each<[string, 'start' | 'run', readonly unknown[], string]>([
    ['a port', 'run', [8080], "new HttpServer('127.0.0.1', 8080), and then run()."],
    ['a port as text', 'run', ['8080'], "new HttpServer('127.0.0.1', 8080), and then run()."],
    [
      'a port and what follows',
      'run',
      [8080, list],
      "new HttpServer('127.0.0.1', 8080), and then onStart(list).run().",
    ],
    ['a port among the options', 'run', [{ port: 8080 }], "new HttpServer('127.0.0.1', 8080), and then run()."],
    ['an address', 'run', [{ host: '0.0.0.0', port: 8080 }], "new HttpServer('0.0.0.0', 8080), and then run()."],
    ['what follows', 'run', [list], 'write onStart(list).run().'],
    ['a mode', 'run', ['concurrent'], "write run({ mode: 'concurrent' })."],
    ['what Luminova takes', 'run', [100_000, 10_000, true], "write run({ mode: 'concurrent' })."],
    ['nothing', 'run', [null], 'write run().'],
    ['a port', 'start', [8080], "new HttpServer('127.0.0.1', 8080), and then start()."],
    ['what follows', 'start', [list], 'write onStart(list).start().'],
  ])('%s: %s(%j)', async (_name, call, args, suggestion) => {
    await expect(server()[call]?.(...args)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining(suggestion) as string,
    });
  });
});

describe('the stack of such an error begins where the app called', () => {
  const firstFrame = (error: unknown): string =>
    (error as Error).stack?.split('\n').find((line) => line.startsWith('    at ')) ?? '';
  const here = expect.stringContaining('wrong-calls.test.ts') as string;

  test.each([...PARAMETERS, ...ROUTES, ...OTHERS])('%s', (_name, call) => {
    let thrown: unknown;
    try {
      call(server());
    } catch (error) {
      thrown = error;
    }
    expect(firstFrame(thrown)).toEqual(here);
    expect((thrown as Error).stack).toMatch(/^ConfigError: /);
  });

  test.each<[string, () => unknown]>([
    ['a duplicate', () => new Router().get('/x', list).get('/x', list)],
    ['a bad pattern', () => new Router().get('/(', list)],
    ['a bad option', () => new Router().get('/x', { nonsense: 1 } as never, list)],
    ['a bad header', () => new Router().setHeaders({ 'x a': 'b' })],
    ['a bad ping', () => new Router().ping('ping')],
    ['inside a group', () => new Router().group('/g', (group) => group.get('/x', undefined as never))],
    ['the prefix of a group', () => new Router().group('g', (group) => group.get('/x', list))],
    ['a bad topic', () => new HttpServer().history('', { size: 1 })],
    ['a bad time', () => new HttpServer().setTimeout(-1)],
    ['a bad hook', () => new HttpServer().onStart(1 as never)],
    ['a bad address', () => new HttpServer('a b')],
    ['a bad option of a server', () => new HttpServer('127.0.0.1', 0, { nonsense: 1 } as never)],
    ['a missing certificate', () => new HttpServer('tls://127.0.0.1:1')],
    ['a bad option of a router', () => new Router({ nonsense: 1 } as never)],
    ['run', () => server()['run']?.(8080)],
    ['start', () => server()['start']?.(8080)],
    ['shutdown', () => server()['shutdown']?.({ timeoutMs: -1 })],
  ])('%s', async (_name, call) => {
    const thrown = await (async () => call())().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(firstFrame(thrown)).toEqual(here);
  });

  test('what the app itself throws in a group keeps its own', () => {
    const mine = new Error('mine');
    const { stack } = mine;
    expect(() =>
      new Router().group('/g', () => {
        throw mine;
      }),
    ).toThrow(mine);
    expect(mine.stack).toBe(stack);
  });
});

test('a server has the methods that its types name, and no other to be seen', () => {
  expect(Object.keys(HttpServer.prototype)).toEqual([]);
  expect([HttpServer.prototype.get.name, HttpServer.prototype.onStart.name]).toEqual(['get', 'onStart']);
});

test.each<[string, () => unknown, RegExp]>([
  ['history without options', () => server()['history']?.('x'), /write history\("x", \{ size: 100 \}\)/],
  ['a pattern of use', () => router()['use']?.('x', auth), /Invalid pattern in use x: .* write '\/x'/],
  ['a prefix of mount', () => router()['mount']?.('/x/', new Router()), /Invalid pattern in mount .* write '\/x'/],
  ['websocket', () => server()['websocket']?.('x'), /takes true, false, or options such as .*, not 'x'/],
])('%s says what is wrong', (_what, call, message) => {
  expect(messageOf(call)).toMatch(message);
});

test('shutdown refuses what is neither true nor false for kill', async () => {
  await expect(new HttpServer().shutdown({ kill: 'yes' as never })).rejects.toThrow(
    /true or false for kill, not 'yes'/,
  );
});
