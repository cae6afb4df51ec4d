import { type HttpRequest, HttpResponse, HttpServer, type Middleware, Router } from 'portlight';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { readResponses } from '../../packages/portlight/test/support/read-responses.ts';
import { LANES } from './lanes.ts';
import { TARGETS } from './target-forms.ts';

/** What was reached by a request, by the number in its header. */
interface Reached {
  guard: boolean;
  handler: boolean;
}

type Guarding = (server: HttpServer, guard: Middleware, handler: (request: HttpRequest) => string) => unknown;

/** Ways to put a guard in front of what lies under `/admin`. */
const GUARDS: Readonly<Record<string, Guarding>> = {
  'use()': (server, guard, handler) =>
    server.use(guard).get('/admin/secret', handler).post('/admin/secret', handler).get('/admin/*rest', handler),
  'use(pattern)': (server, guard, handler) =>
    server
      .use('/admin/*rest', guard)
      .get('/admin/secret', handler)
      .post('/admin/secret', handler)
      .get('/admin/*rest', handler),
  'use(RegExp)': (server, guard, handler) =>
    server
      .use(/\/admin\/.*/s, guard)
      .get('/admin/secret', handler)
      .post('/admin/secret', handler)
      .get('/admin/*rest', handler),
  'use() that looks at what is open by url.pathname': (server, guard, handler) =>
    server
      .use((request, next) => (request.url.pathname.startsWith('/public/') ? next() : guard(request, next)))
      .get('/admin/secret', handler)
      .post('/admin/secret', handler)
      .get('/admin/*rest', handler),
  'use() that looks at what is closed by url.pathname': (server, guard, handler) =>
    server
      .use((request, next) => (request.url.pathname.startsWith('/admin') ? guard(request, next) : next()))
      .get('/admin/secret', handler)
      .post('/admin/secret', handler)
      .get('/admin/*rest', handler),
  'use() that looks at what is open by path': (server, guard, handler) =>
    server
      .use((request, next) => (request.path.startsWith('/public/') ? next() : guard(request, next)))
      .get('/admin/secret', handler)
      .post('/admin/secret', handler)
      .get('/admin/*rest', handler),
  group: (server, guard, handler) =>
    server.group('/admin', (group) =>
      group.use(guard).get('/secret', handler).post('/secret', handler).get('/*rest', handler),
    ),
  mount: (server, guard, handler) =>
    server.mount(
      '/admin',
      new Router().use(guard).get('/secret', handler).post('/secret', handler).get('/*rest', handler),
    ),
  'a RegExp route': (server, guard, handler) =>
    server
      .use('/admin/*rest', guard)
      .get(/\/admin\/.+/s, handler)
      .post(/\/admin\/.+/s, handler),
  'a middleware of the route': (server, guard, handler) =>
    server
      .get('/admin/secret', { use: [guard] }, handler)
      .post('/admin/secret', { use: [guard] }, handler)
      .options('/admin/secret', { use: [guard] }, handler)
      .get('/admin/*rest', { use: [guard] }, handler),
};

describe.each(LANES)('guarded routes on the lane $name', ({ options }) => {
  describe.each(Object.entries(GUARDS))('a guard by %s', (name, register) => {
    describe.each([
      ['alone', false],
      ['beside a route for everything else', true],
    ])('%s', (_what, hasCatchAll) => {
      const reached = new Map<string, Reached>();
      const note = (request: HttpRequest, part: keyof Reached): void => {
        const id = request.header('x-case') ?? '';
        const entry = reached.get(id) ?? { guard: false, handler: false };
        entry[part] = true;
        reached.set(id, entry);
      };
      const server = new HttpServer('127.0.0.1', 0, options).debug(false);

      beforeAll(async () => {
        const guard: Middleware = (request, next) => {
          note(request, 'guard');
          return next();
        };
        register(server, guard, (request) => {
          note(request, 'handler');
          return 'SECRET';
        });
        if (hasCatchAll) server.all(null, () => HttpResponse.text('public').header('x-public', 'yes'));
        await server.start();
      });
      afterAll(async () => void (await server.shutdown({ timeoutMs: 0 })));

      test.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'upgrade'])('holds for %s', async (method) => {
        const { port } = server.getAddress();
        const holes = await Promise.all(
          TARGETS.map(async ([target, host], index) => {
            const id = `${method} ${index}`;
            await using client = await RawClient.open(port);
            const verb = method === 'upgrade' ? 'GET' : method;
            const upgrade =
              method === 'upgrade'
                ? 'connection: close, upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
                : 'connection: close\r\n';
            const text = await client
              .send(`${verb} ${target} HTTP/1.1\r\nhost: ${host ?? 'a'}\r\nx-case: ${id}\r\n${upgrade}\r\n`)
              .ended();
            const [response] = readResponses(text, method === 'HEAD' ? [0] : []).complete;
            const { guard, handler } = reached.get(id) ?? { guard: false, handler: false };
            const isRefused = response !== undefined && [400, 404, 405].includes(response.status);
            // That of the automatic OPTIONS is not the handler's, and of the route nothing but Allow.
            const isAllow =
              method === 'OPTIONS' &&
              response?.status === 204 &&
              (target === '*' || name === 'a middleware of the route');
            const isPublic = response?.headers.has('x-public') === true;
            return guard || (!handler && (isRefused || isAllow || isPublic))
              ? undefined
              : { target, status: response?.status, guard, handler };
          }),
        );
        expect(holes.filter((hole) => hole !== undefined)).toEqual([]);
      });

      test('and the guarded route can be reached at all', async () => {
        const { port } = server.getAddress();
        const response = await fetch(`http://127.0.0.1:${port}/admin/secret`, { headers: { 'x-case': 'plain' } });
        expect([await response.text(), reached.get('plain')]).toEqual(['SECRET', { guard: true, handler: true }]);
      });
    });
  });
});
