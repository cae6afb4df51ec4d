import { showValue } from '../errors/show-value.ts';
import { Code, isRecord, showAll, suggest, writeCall } from './write-call.ts';

// What is said of calls that are right in other frameworks, or nearly right here: each ends in the call to write
// instead, made of the app's own values.

/** The functions among the arguments, also of arrays among them, in their order. */
function functionsOf(args: readonly unknown[]): readonly unknown[] {
  return args.flat(2).filter((each) => typeof each === 'function');
}

/** Names in place of functions that have none, so that a suggestion tells them apart: `first`, `second`. */
function named(functions: readonly unknown[], fallbacks: readonly string[]): readonly unknown[] {
  return functions.map((each, index) =>
    (each as { readonly name: string }).name === '' ? new Code(fallbacks[index] ?? `another${index}`) : each,
  );
}

const MIDDLEWARE = ['first', 'second', 'third', 'fourth'];
/** The fields in which other frameworks have the path and the handler of a route. */
const PATHS = ['path', 'url', 'pattern'];

/**
 * Why a route was not registered.
 *
 * @param call what the app called, up to the pattern: `get`, or `route` with its methods before
 * @param name how sentences name the route
 * @param isRouter whether a value is a router
 */
export function explainRoute(
  call: (...args: readonly unknown[]) => string,
  name: string,
  pattern: unknown,
  rest: readonly unknown[],
  isRouter: (value: unknown) => boolean,
): string {
  if (typeof pattern === 'function')
    return suggest(
      'A route needs a path before its handler',
      `${call('/', pattern)}, or ${call(null, pattern)} for every path`,
    );
  if (isRecord(pattern)) {
    const path = PATHS.map((field) => pattern[field]).find((value) => typeof value === 'string') ?? '/';
    return suggest(
      'A route has its path and its handler as arguments',
      call(path, pattern['handler'] ?? new Code('handler')),
    );
  }
  const router = rest.find(isRouter);
  if (router !== undefined)
    return suggest(`${name} needs a handler, and a router is none`, writeCall('mount', pattern, new Code('router')));
  const functions = functionsOf(rest);
  const options = rest.find(isRecord);
  if (functions.length > 1) {
    const [handler, ...middleware] = [functions.at(-1), ...named(functions.slice(0, -1), MIDDLEWARE)];
    const own = Array.isArray(options?.['use']) ? (options['use'] as unknown[]) : [];
    return suggest(
      `${name} takes one handler, and middleware in its option use`,
      call(pattern, { ...options, use: [...own, ...middleware] }, handler),
    );
  }
  if (functions.length === 1)
    return suggest(
      `${name} takes its options before its handler`,
      options === undefined ? call(pattern, functions[0]) : call(pattern, options, functions[0]),
    );
  if (options !== undefined && typeof options['handler'] === 'function') {
    const { handler, ...others } = options;
    return suggest(
      `${name} takes its handler as the last argument`,
      Object.keys(others).length === 0 ? call(pattern, handler) : call(pattern, others, handler),
    );
  }
  if (rest.length === 0) return suggest(`${name} has no handler`, call(pattern, exampleFor(name)));
  if (options !== undefined && rest.length === 1)
    return suggest(`${name} has options and no handler`, call(pattern, options, new Code('handler')));
  const value = rest.at(-1);
  const sentence = `${name} needs a handler, a function, not ${showValue(value)}`;
  return typeof value === 'string' || typeof value === 'number'
    ? suggest(sentence, call(pattern, new Code(`() => ${showValue(value)}`)))
    : `${sentence}.`;
}

function exampleFor(name: string): Code {
  if (name.startsWith('accept ')) return new Code('(message, channel) => message');
  return new Code(name.startsWith('events ') ? "(stream) => stream.join('news')" : "(request) => 'Hello'");
}

/** Why `use` refuses what it was given. */
export function explainUse(args: readonly unknown[], isRouter: (value: unknown) => boolean): string {
  const [first] = args;
  const pattern =
    typeof first === 'string' || first instanceof RegExp || (first === null && args.length > 1) ? [first] : [];
  const router = args.find(isRouter);
  if (router !== undefined)
    return suggest('A router is mounted', writeCall('mount', pattern[0] ?? '/', new Code('router')));
  const functions = functionsOf(args);
  const last = args.at(-1);
  if (functions.length === 1 && args.length === 2 && typeof last === 'string')
    return suggest('use takes its pattern first', writeCall('use', last, functions[0]));
  if (functions.length > 1)
    return suggest(
      'use takes one middleware, and a pattern before it',
      named(functions, MIDDLEWARE)
        .map((each) => writeCall('use', ...pattern, each))
        .join('.'),
    );
  if (functions.length === 1)
    return suggest('use takes a middleware, and a pattern before it', writeCall('use', ...pattern, functions[0]));
  const example = writeCall('use', ...pattern, new Code('(request, next) => next()'));
  return args.length === pattern.length
    ? suggest('use has no middleware', example)
    : suggest(`use needs a middleware, a function, not ${showValue(last)}`, example);
}

/** Why `error` refuses what it was given. */
export function explainError(args: readonly unknown[]): string {
  const statuses = args
    .flat()
    .filter((each) => typeof each === 'number' || (typeof each === 'string' && /^(?:\d{3}|[45]xx)$/i.test(each)))
    .map((each) => toStatus(each as number | string));
  const handler = args.find((each) => typeof each === 'function');
  const value = args.at(-1);
  if (handler === undefined) {
    if (args.length > 1 && (typeof value === 'string' || typeof value === 'object'))
      return suggest(
        `error needs a handler, a function, not ${showValue(value)}`,
        writeCall('error', ...statuses.slice(0, 1), new Code('(error) => …')),
      );
    return suggest('error has no handler', writeCall('error', ...statuses, new Code('(error, request) => …')));
  }
  const right = statuses.filter((status) => typeof status === 'string' || (status >= 400 && status <= 599));
  const calls =
    right.length === 0
      ? writeCall('error', handler)
      : right.map((status) => writeCall('error', status, handler)).join('.');
  return suggest(`error takes a status from 400 to 599, '4xx' or '5xx', and a handler, not ${showAll(args)}`, calls);
}

function toStatus(value: number | string): number | string {
  if (typeof value === 'number') return value;
  return /^\d+$/.test(value) ? Number(value) : value.toLowerCase();
}

/** Why `mount` refuses what it was given. */
export function explainMount(args: readonly unknown[], isRouter: (value: unknown) => boolean): string {
  const prefix = args.find((each) => typeof each === 'string');
  if (args.some(isRouter))
    return suggest('mount takes a prefix, and then a router', writeCall('mount', prefix ?? '/', new Code('router')));
  const [register] = functionsOf(args);
  if (register !== undefined)
    return suggest(
      'mount takes a prefix and a router; a function that registers goes into group',
      writeCall('group', prefix ?? '/', register),
    );
  return suggest(
    `mount needs a prefix and another Router, not ${showAll(args)}`,
    writeCall('mount', prefix ?? '/users', new Code('router')),
  );
}

/** Why `group` refuses what it was given. */
export function explainGroup(args: readonly unknown[], isRouter: (value: unknown) => boolean): string {
  const prefix = args.find((each) => typeof each === 'string') ?? '/api';
  if (args.some(isRouter))
    return suggest(
      'group takes a function that registers; a router is mounted',
      writeCall('mount', prefix, new Code('router')),
    );
  const [register] = functionsOf(args);
  return suggest(
    `group needs a prefix and a function, not ${showAll(args)}`,
    writeCall('group', prefix, register ?? new Code('(group) => …')),
  );
}

const MAXIMA = ['max', 'limit', 'maxRequests', 'points'];
/** The fields of other limiters, and how many of them are a second. */
const WINDOWS: Readonly<Record<string, number>> = {
  windowSeconds: 1,
  windowMs: 1_000,
  window: 1,
  duration: 1,
  timeWindow: 1_000,
};

/** Why `setRateLimit` refuses what it was given. */
export function explainRateLimit(args: readonly unknown[]): string | undefined {
  const [first, second] = args;
  if (isRecord(first)) {
    const max = MAXIMA.map((name) => first[name]).find((value) => typeof value === 'number') ?? 100;
    const name = Object.keys(WINDOWS).find((each) => typeof first[each] === 'number');
    const seconds =
      name === undefined ? 60 : Math.max(1, Math.round((first[name] as number) / (WINDOWS[name] as number)));
    return suggest(
      'setRateLimit takes the number of requests and of seconds before its options',
      writeCall('setRateLimit', max, seconds),
    );
  }
  if (second === undefined || isRecord(second))
    return suggest(
      'setRateLimit needs the seconds of its window',
      writeCall('setRateLimit', first, 60, ...(isRecord(second) ? [second] : [])),
    );
  return undefined;
}

/** Why `route` refuses its methods. */
export function explainMethods(methods: unknown): string {
  const names = (Array.isArray(methods) ? methods : [methods]).filter(
    (each) => typeof each === 'string' && /^[a-z|]+$/i.test(each),
  ) as string[];
  const sentence = `route needs methods in upper case such as 'GET|POST', not ${showValue(methods)}`;
  if (isRecord(methods)) {
    const { method = 'GET', handler } = methods;
    const path = PATHS.map((field) => methods[field]).find((value) => typeof value === 'string') ?? '/';
    return suggest(sentence, writeCall('route', String(method).toUpperCase(), path, handler ?? new Code('handler')));
  }
  return names.length === 0
    ? `${sentence}.`
    : suggest(sentence, writeCall('route', toMethods(names), new Code('pattern'), new Code('handler')));
}

/** Nothing stands before, behind or between two bars. */
function toMethods(names: readonly string[]): string {
  const methods = names.flatMap((name) => name.toUpperCase().split('|')).filter((method) => method !== '');
  return methods.length === 0 ? 'GET|POST' : methods.join('|');
}

/** Why `setHeaders` refuses what it was given. */
export function explainHeaders(fields: unknown): string {
  const sentence = `setHeaders needs an object of names and values, not ${showValue(fields)}`;
  return typeof fields === 'object' && fields !== null
    ? `${sentence}; write setHeaders(Object.fromEntries(headers)).`
    : `${sentence}.`;
}

/** Why a router refuses its options. */
export function explainRouter(options: unknown, unknown: string): string {
  if (typeof options === 'string')
    return suggest(
      'A router has no prefix of its own, but where it is mounted',
      writeCall('mount', options, new Code('router')),
    );
  return `A router has no option ${JSON.stringify(unknown)}.`;
}
