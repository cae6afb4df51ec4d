import type { ErrorHandler, ErrorStatus, FinishObserver, Middleware, ResponseInterceptor } from './config/hooks.ts';
import type { RateLimitOptions } from './config/rate-limit-options.ts';
import { assertFunction } from './config/assert-function.ts';
import { assertParameters } from './config/assert-parameters.ts';
import type { FilesOptions } from './config/files-options.ts';
import type { RouteOptions } from './config/route-options.ts';
import {
  explainError,
  explainGroup,
  explainHeaders,
  explainMount,
  explainRateLimit,
  explainRoute,
  explainRouter,
  explainUse,
} from './config/explain-calls.ts';
import { isRecord, writeCall } from './config/write-call.ts';
import { ANY, atCaller, fromApp, throwAtCaller } from './errors/at-caller.ts';
import { ConfigError } from './errors/config-error.ts';
import { ignoreRejection } from './errors/ignore-rejection.ts';
import { headerProblem } from './fields/header-syntax.ts';
import { parseSetRateLimit } from './guards/rate-limit.ts';
import type { HttpRoute } from './handlers/http-route.ts';
import type { ChannelHandlers, EventsHandler, EventsRoute, Message, MessageHandler } from './handlers/channel-route.ts';
import type { RouteHandler, RouteShape } from './handlers/route-handler.ts';
import { describeRoute } from './routing/describe-route.ts';
import type { RoutePattern } from './routing/pattern.ts';
import { parseChannelHandlers } from './registration/parse-channel-handlers.ts';
import { readFolder } from './registration/read-folder.ts';
import { type CallWriter, parseMethods, readOptions, readRoute } from './registration/read-route.ts';
import { listRoutes, type RegisteredRoute } from './registration/list-routes.ts';
import { RouteBook } from './registration/route-book.ts';

export interface RouterOptions {
  /** Tells `/users/` from `/users`; a server decides by its own option of this name. @default false */
  readonly strictSlashes?: boolean | undefined;
}

/** What a function that registers may return: no promise, for what it registers late is not there. */
export type AtOnce<Result> = [Extract<Result, PromiseLike<unknown>>] extends [never]
  ? unknown
  : 'It registers at once, not late.';

/** What a router has registered: for a server, and not for an app. Set by the class below. */
export let bookOf: (router: Router) => RouteBook;

/**
 * Routes and what belongs to them, without a socket, so that an app can be put together out of files.
 *
 * Every method registers something and returns the router. What is wrong throws a {@link ConfigError} at the call.
 *
 * @example
 * const users = new Router().get('/:id', (request) => ({ id: request.params.id }));
 * server.mount('/users', users);
 */
export class Router {
  readonly #book: RouteBook;

  constructor(options: RouterOptions = {}) {
    const unknown = Object.keys(options).find((name) => name !== 'strictSlashes');
    if (unknown !== undefined)
      throw atCaller(new ConfigError(explainRouter(options, unknown), 'ERR_PORTLIGHT_INVALID_OPTION'), Router);
    this.#book = new RouteBook(options.strictSlashes ?? false);
  }

  /** Serves GET, and HEAD where no route of its own takes it. */
  get<const P extends RoutePattern>(pattern: P, handler: RouteHandler<P>): this;
  get<const P extends RoutePattern, O extends RouteOptions>(pattern: P, options: O, handler: RouteHandler<P, O>): this;
  get(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    return this.#add(['GET'], pattern, rest);
  }

  post<const P extends RoutePattern>(pattern: P, handler: RouteHandler<P>): this;
  post<const P extends RoutePattern, O extends RouteOptions>(pattern: P, options: O, handler: RouteHandler<P, O>): this;
  post(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    return this.#add(['POST'], pattern, rest);
  }

  put<const P extends RoutePattern>(pattern: P, handler: RouteHandler<P>): this;
  put<const P extends RoutePattern, O extends RouteOptions>(pattern: P, options: O, handler: RouteHandler<P, O>): this;
  put(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    return this.#add(['PUT'], pattern, rest);
  }

  patch<const P extends RoutePattern>(pattern: P, handler: RouteHandler<P>): this;
  patch<const P extends RoutePattern, O extends RouteOptions>(
    pattern: P,
    options: O,
    handler: RouteHandler<P, O>,
  ): this;
  patch(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    return this.#add(['PATCH'], pattern, rest);
  }

  delete<const P extends RoutePattern>(pattern: P, handler: RouteHandler<P>): this;
  delete<const P extends RoutePattern, O extends RouteOptions>(
    pattern: P,
    options: O,
    handler: RouteHandler<P, O>,
  ): this;
  delete(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    return this.#add(['DELETE'], pattern, rest);
  }

  /** Serves HEAD in place of the automatic answer. The body of the reply is not sent. */
  head<const P extends RoutePattern>(pattern: P, handler: RouteHandler<P>): this;
  head<const P extends RoutePattern, O extends RouteOptions>(pattern: P, options: O, handler: RouteHandler<P, O>): this;
  head(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    return this.#add(['HEAD'], pattern, rest);
  }

  /** Serves OPTIONS in place of the automatic answer, 204 with `Allow`. */
  options<const P extends RoutePattern>(pattern: P, handler: RouteHandler<P>): this;
  options<const P extends RoutePattern, O extends RouteOptions>(
    pattern: P,
    options: O,
    handler: RouteHandler<P, O>,
  ): this;
  options(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    return this.#add(['OPTIONS'], pattern, rest);
  }

  /** Serves every method; a route of the same pattern for one method goes before it. */
  all<const P extends RoutePattern>(pattern: P, handler: RouteHandler<P>): this;
  all<const P extends RoutePattern, O extends RouteOptions>(pattern: P, options: O, handler: RouteHandler<P, O>): this;
  all(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    return this.#add([null], pattern, rest);
  }

  /**
   * Serves several methods, or one that has no name of its own here.
   *
   * @param methods in upper case, separated by `|`
   * @example
   * server.route('GET|POST', '/search', search).route('PROPFIND', '/files/*path', list);
   */
  route<const P extends RoutePattern>(methods: string, pattern: P, handler: RouteHandler<P>): this;
  route<const P extends RoutePattern, O extends RouteOptions>(
    methods: string,
    pattern: P,
    options: O,
    handler: RouteHandler<P, O>,
  ): this;
  route(methods: string, pattern: RoutePattern, ...rest: readonly unknown[]): this {
    return this.#add(parseMethods(methods), pattern, rest);
  }

  /**
   * Serves WebSockets. What the handler returns for a message is sent back; or handlers for each moment of a channel.
   *
   * @example
   * server.accept('/chat/:room', (message, channel) => void channel.publish(channel.params.room, message));
   */
  accept<const P extends RoutePattern>(
    pattern: P,
    handler:
      | MessageHandler<RouteShape<P, Record<never, never>>, string | Buffer>
      | ChannelHandlers<RouteShape<P, Record<never, never>>, string | Buffer>,
  ): this;
  accept<const P extends RoutePattern, O extends RouteOptions>(
    pattern: P,
    options: O,
    handler: MessageHandler<RouteShape<P, O>, Message<O>> | ChannelHandlers<RouteShape<P, O>, Message<O>>,
  ): this;
  accept(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    const name = describeRoute('accept', pattern);
    this.#book.assertOpen(name);
    const call: CallWriter = (...args) => writeCall('accept', ...args);
    if (rest.length === 0 || rest.length > 2 || typeof pattern === 'function')
      throw new ConfigError(explainRoute(call, name, pattern, rest, isRouter));
    const [options, handler] = rest.length === 1 ? [{}, rest[0]] : [readOptions(rest[0], name), rest[1]];
    const handlers = parseChannelHandlers(handler, name);
    assertParameters(handlers.message, 'handler of messages', name, (example) => call(pattern, example));
    this.#book.addChannelRoute(pattern, options, handlers);
    return this;
  }

  /**
   * Serves a stream of server-sent events to requests whose Accept names `text/event-stream`. The stream stays open
   * when the handler returns, until either side closes it; what the handler returns may be an async iterable of events.
   *
   * @example
   * server.events('/feed/:topic', (stream) => stream.join(stream.params.topic));
   */
  events<const P extends RoutePattern>(pattern: P, handler: EventsHandler<P>): this;
  events<const P extends RoutePattern, O extends RouteOptions>(
    pattern: P,
    options: O,
    handler: EventsHandler<P, O>,
  ): this;
  events(pattern: RoutePattern, ...rest: readonly unknown[]): this {
    const name = describeRoute('events', pattern);
    this.#book.assertOpen(name);
    const call: CallWriter = (...args) => writeCall('events', ...args);
    const [options, handler] = readRoute(call, name, pattern, rest, isRouter);
    assertParameters(handler, 'handler of events', name, (example) => call(pattern, example));
    this.#book.addEventsRoute(pattern, options, handler as EventsRoute['handler']);
    return this;
  }

  /**
   * Serves a folder of files to GET and HEAD, where no route takes the path; of several folders the one with the
   * longest prefix is asked first. Where there is no file, it is as if the folder were not there; another method at a
   * file that is there is 405.
   *
   * @param prefix in front of the names of the files, `'/'` for none
   * @param folder its path, from the working directory if it is relative, or its `file:` URL
   * @throws {ConfigError} where there is no such folder, or an option is wrong
   * @example
   * server.files('/', new URL('dist', import.meta.url), { fallback: 'index.html', immutable: /-[0-9a-f]{8}\./ });
   */
  files(prefix: string, folder: string | URL, options: FilesOptions = {}, ...rest: readonly never[]): this {
    this.#book.assertOpen('files');
    if (rest.length > 0) throw new ConfigError('files takes a prefix, a folder and options, and nothing behind them.');
    const read = readFolder(prefix, folder, options);
    this.#book.addFolder(read.prefix, read.root, read.options);
    return this;
  }

  /**
   * Runs a middleware around every request of this router's routes, or around those whose whole path a pattern
   * matches, whatever the order of the calls; outermost first. A request that matches no route, or not by its method,
   * passes the middleware too: that of the root, that of the router whose path it is, and what matches by pattern.
   *
   * @param pattern a whole pattern like a route's, `/admin/*rest`, never a prefix
   */
  use(middleware: Middleware): this;
  use(pattern: RoutePattern, middleware: Middleware): this;
  use(...args: [Middleware] | [RoutePattern, Middleware]): this {
    this.#book.assertOpen('use');
    const [pattern, middleware] = args.length === 1 ? [undefined, args[0]] : args;
    if (args.length > 2 || typeof middleware !== 'function' || typeof pattern === 'function' || Array.isArray(pattern))
      throw new ConfigError(explainUse(args, isRouter));
    const before = pattern === undefined ? [] : [pattern];
    assertParameters(middleware, 'middleware', 'use', (example) => writeCall('use', ...before, example));
    if (pattern !== undefined) this.#book.checkPattern('use', pattern);
    this.#book.root.middleware.push({ pattern, middleware });
    return this;
  }

  /**
   * Makes the responses for errors: for one status, for a class of them (`'4xx'`, `'5xx'`), or for all that have no
   * handler of their own. Where the reply names no status, that of the error stands.
   */
  error(handler: ErrorHandler): this;
  error(status: ErrorStatus, handler: ErrorHandler): this;
  error(...args: [ErrorHandler] | [ErrorStatus, ErrorHandler]): this {
    this.#book.assertOpen('error');
    const [status, handler] = args.length === 1 ? (['any', args[0]] as const) : args;
    if (args.length > 2 || !isErrorStatus(status) || typeof handler !== 'function')
      throw new ConfigError(explainError(args));
    const before = status === 'any' ? [] : [status];
    assertParameters(handler, 'error handler', 'error', (example) => writeCall('error', ...before, example));
    if (this.#book.root.errorHandlers.has(status)) {
      throw new ConfigError(
        `This router has an error handler for ${status === 'any' ? 'all errors' : String(status)} already.`,
      );
    }
    this.#book.root.errorHandlers.set(status, handler);
    return this;
  }

  /**
   * Shows every response of this router, errors included, to a function before it leaves; in the order of the calls.
   */
  onResponse(interceptor: ResponseInterceptor): this {
    this.#book.assertOpen('onResponse');
    assertFunction(interceptor, 'onResponse', 'an interceptor');
    assertParameters(interceptor, 'interceptor', 'onResponse');
    this.#book.root.interceptors.push(interceptor);
    return this;
  }

  /**
   * Tells a function of everything that came in for this router, once, when its last byte was handed to the kernel or
   * it was cut: requests of every answer, 404, 405 and 429 among them, refused handshakes, and channels and streams of
   * events when they close. A server's hears also of what has no route, and of what the parser refused. In the order of
   * the calls, those of inner routers first; what it throws is logged.
   *
   * @example
   * server.onFinish(({ method, path, status, durationMs }) => log.info({ method, path, status, durationMs }));
   */
  onFinish(observer: FinishObserver): this {
    this.#book.assertOpen('onFinish');
    assertFunction(observer, 'onFinish', 'an observer');
    assertParameters(observer, 'observer', 'onFinish');
    this.#book.root.observers.push(observer);
    return this;
  }

  /**
   * Limits how many requests one client may send to all routes of this router together: never more than `maxRequests`
   * in any `windowSeconds`; more are answered 429 with `Retry-After`. Every counted response says how much is left
   * (`RateLimit`). Call it again, with another `name`, for a second limit. Off until it is called. The limits of a
   * server count for what has no route, too; those of a router stand in place of them for its routes, and a route may
   * have its own, or none.
   *
   * @param maxRequests 1 to 1,000,000,000
   * @param windowSeconds a whole number of seconds
   * @throws {ConfigError} on anything else
   * @example
   * server.setRateLimit(100, 60, { key: (request) => request.header('x-api-key') });
   */
  setRateLimit(
    maxRequests: number,
    windowSeconds: number,
    options: RateLimitOptions = {},
    ...rest: readonly never[]
  ): this {
    this.#book.assertOpen('setRateLimit');
    if (rest.length > 0) throw new ConfigError('setRateLimit was given more arguments than it takes.');
    const explanation = explainRateLimit([maxRequests, windowSeconds]);
    if (explanation !== undefined) throw new ConfigError(explanation, 'ERR_PORTLIGHT_INVALID_OPTION');
    const { rateLimits } = this.#book.root;
    rateLimits.push(parseSetRateLimit(maxRequests, windowSeconds, options, rateLimits));
    return this;
  }

  /** Answers `PONG`, for whoever watches whether the server is up. */
  ping(path = '/ping'): this {
    this.#book.assertOpen(`ping(${JSON.stringify(path)})`);
    this.#book.add(['GET'], path, { connectionRequired: false }, () => 'PONG', true);
    return this;
  }

  /** A field on every response of this router that does not set it itself. */
  setHeader(name: string, value: string | number): this {
    this.#book.assertOpen('setHeader');
    if (isRecord(name))
      throw new ConfigError(`setHeader takes a name and a value; write ${writeCall('setHeaders', name)}.`);
    this.#setHeader(name, value);
    return this;
  }

  setHeaders(fields: Readonly<Record<string, string | number>>): this {
    this.#book.assertOpen('setHeaders');
    if (typeof fields !== 'object' || fields === null || Symbol.iterator in fields)
      throw new ConfigError(explainHeaders(fields));
    for (const [name, value] of Object.entries(fields)) this.#setHeader(name, value);
    return this;
  }

  /**
   * Registers routes under a prefix, with middleware, error handlers, interceptors and headers of their own.
   *
   * @example
   * server.group('/api', (api) => api.use(authenticate).get('/me', (request) => request.state['user']));
   */
  group<Result>(prefix: string, register: (group: Router) => Result & AtOnce<Result>): this {
    this.#book.assertOpen('group');
    if (typeof prefix !== 'string' || typeof register !== 'function')
      throw new ConfigError(explainGroup([prefix, register], isRouter));
    assertParameters(register, 'function that registers', 'group', (example) => writeCall('group', prefix, example));
    const group = new Router({ strictSlashes: this.#book.strictSlashes });
    registerAtOnce(() => register(group), `group(${JSON.stringify(prefix)})`);
    this.#book.mount(prefix, group.#book);
    return this;
  }

  /**
   * Takes over what another router has registered by now, under a prefix. The other one is closed by it; it may be
   * mounted again elsewhere.
   *
   * @throws {ConfigError} when one of its routes is registered here already; then nothing of it is taken over
   */
  mount(prefix: string, router: Router): this {
    this.#book.assertOpen('mount');
    if (typeof prefix !== 'string' || !isRouter(router))
      throw new ConfigError(
        explainMount(
          [prefix, router].filter((each) => each !== undefined),
          isRouter,
        ),
      );
    if (router === this) throw new ConfigError('mount needs a prefix and another Router.');
    this.#book.mount(prefix, router.#book);
    return this;
  }

  /**
   * Has a plugin register what it has: a function that is given this router. An app's own parts may be plugins too.
   *
   * @throws {ConfigError} when it is no function, or an async one, whose registrations would come too late
   * @example
   * const cors = (origin: string) => (router: Router) => router.setHeader('access-control-allow-origin', origin);
   * server.apply(cors('https://app.example'));
   */
  apply<Result>(plugin: (router: this) => Result & AtOnce<Result>): this {
    this.#book.assertOpen('apply');
    assertFunction(plugin, 'apply', 'a plugin');
    assertParameters(plugin, 'plugin', 'apply');
    registerAtOnce(() => plugin(this), 'apply');
    return this;
  }

  /**
   * What is registered by now, that of mounted routers included: HTTP routes first, then WebSocket routes and routes of
   * event streams, and folders of files, each in the order of their registration.
   */
  routes(): readonly RegisteredRoute[] {
    return listRoutes(this.#book.registrations);
  }

  #add(methods: readonly (string | null)[], pattern: RoutePattern, rest: readonly unknown[]): this {
    const name = describeRoute(methods.join('|') || null, pattern);
    this.#book.assertOpen(name);
    const call = writeRoute(methods);
    const [options, handler] = readRoute(call, name, pattern, rest, isRouter);
    assertParameters(handler, 'handler', name, (example) => call(pattern, example));
    this.#book.add(methods, pattern, options, handler as HttpRoute['handler']);
    return this;
  }

  #setHeader(name: string, value: string | number): void {
    const text: unknown = typeof value === 'number' ? String(value) : value;
    const problem = headerProblem(name, text);
    if (problem !== undefined) throw new ConfigError(problem, 'ERR_PORTLIGHT_INVALID_HEADER');
    this.#book.root.headers.set(name, text as string);
  }

  static {
    bookOf = (router) => router.#book;
    throwAtCaller(this.prototype, {
      get: ANY,
      post: ANY,
      put: ANY,
      patch: ANY,
      delete: ANY,
      head: ANY,
      options: ANY,
      all: ANY,
      route: ANY,
      accept: ANY,
      events: ANY,
      files: ANY,
      use: ANY,
      error: ANY,
      onResponse: 1,
      onFinish: 1,
      setRateLimit: ANY,
      ping: 1,
      setHeader: 2,
      setHeaders: 1,
      group: 2,
      mount: 2,
      apply: 1,
    });
  }
}

/** Runs a function of the app that registers something. @throws {ConfigError} on an async one; what it throws itself */
function registerAtOnce(register: () => unknown, call: string): void {
  let result: unknown;
  try {
    result = register();
  } catch (error) {
    throw fromApp(error);
  }
  if (ignoreRejection(result))
    throw new ConfigError(`${call} needs a function that registers at once, not an async one.`);
}

function isRouter(value: unknown): value is Router {
  return value instanceof Router;
}

function writeRoute(methods: readonly (string | null)[]): CallWriter {
  const [method] = methods;
  const name = method === null || method === undefined ? 'all' : method.toLowerCase();
  const isNamed = methods.length === 1 && (method === null || name in Router.prototype);
  return (...args) => (isNamed ? writeCall(name, ...args) : writeCall('route', methods.join('|'), ...args));
}

function isErrorStatus(status: unknown): status is ErrorStatus | 'any' {
  if (status === 'any' || status === '4xx' || status === '5xx') return true;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
}
