import * as v from 'valibot';
import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  type HttpError,
  type HttpRequest,
  HttpResponse,
  HttpServer,
  type Query,
  Router,
  type RouteOptions,
} from '../src/index.ts';

const server = new HttpServer();

describe('a handler knows its request', () => {
  test('from a literal pattern', () => {
    server.get('/users/:id/posts{/:post}', (request) => {
      expectTypeOf(request.params).toEqualTypeOf<{ id: string; post?: string }>();
      expectTypeOf(request.query).toEqualTypeOf<Query>();
      expectTypeOf(request.body).toEqualTypeOf<undefined>();
      // @ts-expect-error The pattern has no param of this name.
      return request.params.name;
    });
    server.post('/files/*path', (request) => expectTypeOf(request.params.path).toEqualTypeOf<string[]>());
    server.all(/\/(?<name>[a-z]+)/, (request) =>
      expectTypeOf(request.params['name']).toEqualTypeOf<string | undefined>(),
    );
    // @ts-expect-error A pattern without params has none.
    server.get('/', (request) => request.params.id);
  });

  test('for every verb and for route', () => {
    for (const verb of ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'all'] as const) {
      server[verb]('/:a', (request) => expectTypeOf(request.params).toEqualTypeOf<{ a: string }>());
    }
    server.route('GET|POST', '/:a', (request) => expectTypeOf(request.params).toEqualTypeOf<{ a: string }>());
    server.route('GET', '/:a', { query: z.object({ b: z.coerce.number() }) }, (request) =>
      expectTypeOf(request.query).toEqualTypeOf<{ b: number }>(),
    );
  });

  test('from the outputs of its schemas', () => {
    const options = {
      params: z.object({ id: z.coerce.number() }),
      query: z.object({ page: z.string().default('1') }),
      body: z.object({ name: z.string() }),
    };
    server.post('/users/:id', options, (request) => {
      expectTypeOf(request.params).toEqualTypeOf<{ id: number }>();
      expectTypeOf(request.query).toEqualTypeOf<{ page: string }>();
      expectTypeOf(request.body).toEqualTypeOf<{ name: string }>();
      // @ts-expect-error The schema has no such member.
      return request.body.age;
    });
    server.post('/users/:id', { body: v.object({ age: v.pipe(v.string(), v.transform(Number)) }) }, (request) => {
      expectTypeOf(request.params).toEqualTypeOf<{ id: string }>();
      expectTypeOf(request.body).toEqualTypeOf<{ age: number }>();
    });
  });

  test('and no more where the pattern is not known', () => {
    const register = (pattern: string): unknown =>
      server.get(pattern, (request) =>
        expectTypeOf(request.params).toEqualTypeOf<Record<string, string | string[] | undefined>>(),
      );
    expectTypeOf(register).returns.toBeUnknown();
  });

  test('in a group and in a router of its own', () => {
    server.group('/api', (api) =>
      api.get('/:id', (request) => expectTypeOf(request.params.id).toEqualTypeOf<string>()),
    );
    new Router().get('/:id', (request) => expectTypeOf(request.params.id).toEqualTypeOf<string>());
  });
});

describe('a reply', () => {
  test('may be anything without a response schema', () => {
    server
      .get('/', () => 1)
      .get('/', () => undefined)
      .get('/', async () => new Response())
      .get('/', function* () {
        yield 'a';
      });
  });

  test('is what the response schema takes, or a response', () => {
    const response = z.object({ id: z.number() });
    server.get('/', { response }, () => ({ id: 1 }));
    server.get('/', { response }, async () => ({ id: 1 }));
    server.get('/', { response }, () => HttpResponse.text('x'));
    server.get('/', { response }, () => new Response('x'));
    // @ts-expect-error The schema wants a number.
    server.get('/', { response }, () => ({ id: '1' }));
    // @ts-expect-error The schema wants an object.
    server.get('/', { response }, async () => 'x');
  });
});

describe('what is no handler or option is refused', () => {
  test('by every verb', () => {
    // @ts-expect-error A string is no handler.
    server.get('/', 'x');
    // @ts-expect-error The handler is missing.
    server.get('/', {});
    // @ts-expect-error A number is no pattern.
    server.get(1, () => 'x');
    // @ts-expect-error This is a function, not a Standard Schema.
    server.post('/', { body: (value: unknown) => value }, () => 'x');
    // @ts-expect-error A limit is a number.
    server.post('/', { maxBodyBytes: '1mb' }, () => 'x');
    expectTypeOf<RouteOptions>().not.toHaveProperty('schema');
  });

  test('by the constructor and run', () => {
    // @ts-expect-error The options are no boolean.
    const flag = (): HttpServer => new HttpServer('127.0.0.1', 80, true);
    // @ts-expect-error There is no such option.
    const unknown = (): HttpServer => new HttpServer('127.0.0.1', 80, { maxBodySize: 1 });
    // @ts-expect-error A port is a number.
    const text = (): HttpServer => new HttpServer('127.0.0.1', '80');
    expectTypeOf([flag, unknown, text]).toEqualTypeOf<(() => HttpServer)[]>();
    // @ts-expect-error There are no positional arguments.
    void server.run(100_000, 10_000, true);
    // @ts-expect-error There is no such mode.
    void server.run({ mode: 'parallel' });
  });
});

describe('hooks around handlers', () => {
  test('an error handler may have no request: the parser refused it', () => {
    server.error((error, request) => {
      expectTypeOf(error).toEqualTypeOf<HttpError>();
      expectTypeOf(request).toEqualTypeOf<HttpRequest | undefined>();
      // @ts-expect-error There may be no request.
      return request.path;
    });
    server.error(404, (error) => error.status).error('5xx', () => 'x');
    // @ts-expect-error There is no such class of errors.
    server.error('3xx', () => 'x');
    // @ts-expect-error A status is a number.
    server.error('404', () => 'x');
  });

  test('an interceptor gets a response, perhaps no request, and returns what a body may be', () => {
    server.onResponse((response, request) => {
      expectTypeOf(response).toEqualTypeOf<HttpResponse>();
      expectTypeOf(request).toEqualTypeOf<HttpRequest | undefined>();
      return `${response}<p>`;
    });
    server.onResponse(async () => Buffer.from('x')).onResponse(() => {});
    // @ts-expect-error A number is no body.
    server.onResponse(() => 1);
  });

  test('middleware gets a request and next', () => {
    server.use(async (request, next) => {
      expectTypeOf(request).toEqualTypeOf<HttpRequest>();
      expectTypeOf(await next()).toEqualTypeOf<HttpResponse>();
    });
    server.use('/admin/*rest', (_request, next) => next());
    // @ts-expect-error A middleware is a function.
    server.use('/admin/*rest');
  });
});

describe('calls that chain give back what they were called on', () => {
  test('a server stays a server', () => {
    const chained = server
      .get('/', () => 'x')
      .post('/', () => 'x')
      .put('/', () => 'x')
      .patch('/', () => 'x')
      .delete('/', () => 'x')
      .head('/', () => 'x')
      .options('/', () => 'x')
      .all('/', () => 'x')
      .route('GET', '/', () => 'x')
      .get('/', {}, () => 'x')
      .use((_request, next) => next())
      .error(() => 'x')
      .error(404, () => 'x')
      .onResponse(() => {})
      .ping()
      .setHeader('a', 'b')
      .setHeaders({ a: 1 })
      .group('/', () => {})
      .mount('/', new Router())
      .debug()
      .ready()
      .onStart(() => {})
      .onShutdown(async () => {})
      .onPrimary(() => {})
      .onWorkerStart(() => {})
      .onWorkerStop(() => {});
    expectTypeOf(chained).toEqualTypeOf<HttpServer>();
    expectTypeOf(server.start()).toEqualTypeOf<Promise<HttpServer>>();
  });

  test('a router stays a router, and so does a class of an app', () => {
    expectTypeOf(new Router().get('/', () => 'x')).toEqualTypeOf<Router>();
    class Api extends Router {
      own(): this {
        return this;
      }
    }
    expectTypeOf(
      new Api()
        .get('/', () => 'x')
        .own()
        .post('/', () => 'x'),
    ).toEqualTypeOf<Api>();
    expectTypeOf<Router>().not.toHaveProperty('start');
  });
});

describe('a request', () => {
  test('is read-only', () => {
    server.get('/:id', (request) => {
      // @ts-expect-error The method is what the client sent.
      request.method = 'POST';
      // @ts-expect-error So is the path.
      request.path = '/';
      // @ts-expect-error The params belong to the pattern.
      request.params = { id: '1' };
      expectTypeOf(request.json()).toEqualTypeOf<Promise<unknown>>();
      expectTypeOf(request.header('a')).toEqualTypeOf<string | undefined>();
    });
  });

  test('with known params serves where any request does', () => {
    expectTypeOf<HttpRequest<{ params: { id: string }; query: Query; body: undefined }>>().toExtend<
      HttpRequest<{ params: unknown; query: unknown; body: unknown }>
    >();
  });
});

declare module '../src/index.ts' {
  interface RequestState {
    user?: { readonly name: string };
  }
}

describe('what middleware tells those after it', () => {
  test('has the types that the app has declared, and others are unknown', () => {
    server.get('/', (request) => {
      expectTypeOf(request.state.user).toEqualTypeOf<{ readonly name: string } | undefined>();
      expectTypeOf(request.state['other']).toEqualTypeOf<unknown>();
      // @ts-expect-error The app has declared another type.
      request.state.user = 'Ada';
    });
  });
});

describe('request.accepts', () => {
  test('gives one of the types that are on offer', () => {
    server.get('/', (request) =>
      expectTypeOf(request.accepts('html', 'json')).toEqualTypeOf<'html' | 'json' | undefined>(),
    );
  });
});

describe('a plugin', () => {
  test('is a function of a router, or of a server where it is applied to one', () => {
    const plugin = (router: Router): Router => router.get('/', () => 'x');
    expectTypeOf(server.apply(plugin)).toEqualTypeOf<HttpServer>();
    expectTypeOf(new Router().apply(plugin)).toEqualTypeOf<Router>();
    server.apply((own) => own.ready());
    // @ts-expect-error What an async plugin registers would come too late.
    server.apply(async (own) => void own.ready());
    // @ts-expect-error So it would where it waits only sometimes.
    server.apply(() => (Date.now() > 0 ? undefined : Promise.resolve()));
    // @ts-expect-error A group registers at once, too.
    server.group('/a', async (group) => void group.get('/', () => ''));
    const late = async (router: Router): Promise<void> => void router.ping();
    // @ts-expect-error So is one that is written elsewhere.
    server.apply(late);
    server.apply((router): unknown => router.ping()).group('/b', (group): void => void group.ping());
    // @ts-expect-error A router has no port.
    new Router().apply((router) => void router.ready);
    // @ts-expect-error It needs a server.
    new Router().apply((own: HttpServer) => own.ready());
  });
});

describe('the list of routes', () => {
  test('tells the options of each kind apart', () => {
    for (const route of server.routes()) {
      if (route.kind === 'files') expectTypeOf(route.options.fallback).toEqualTypeOf<string | undefined>();
      else expectTypeOf(route.options.tags).toEqualTypeOf<readonly string[] | undefined>();
    }
  });
});

describe('the end of an exchange', () => {
  test('may have no request and no status', () => {
    server.onFinish(({ request, status, durationMs, closeCode }) => {
      expectTypeOf(request).toEqualTypeOf<HttpRequest | undefined>();
      expectTypeOf(status).toEqualTypeOf<number | undefined>();
      expectTypeOf(durationMs).toEqualTypeOf<number>();
      expectTypeOf(closeCode).toEqualTypeOf<number | undefined>();
    });
    // @ts-expect-error What it hears is over, and cannot be changed.
    server.onFinish((exchange) => void (exchange.status = 200));
  });
});
