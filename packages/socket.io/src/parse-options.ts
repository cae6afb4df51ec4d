import { ConfigError, type RouteOptions } from 'portlight';
import type { ServerOptions } from 'socket.io';

/** What belongs to the server that another way of using socket.io would make. */
type OfItsOwnPort = 'destroyUpgrade' | 'destroyUpgradeTimeout' | 'addTrailingSlash' | 'connectionStateRecovery';

/** The options of socket.io's `Server`, and how its path is a route. */
export interface SocketIoOptions extends Partial<Omit<ServerOptions, OfItsOwnPort>> {
  /**
   * Where clients find it: segments of letters, digits, `-`, `_`, `.` and `~`. The slash at its end may be left out.
   *
   * @default '/socket.io/'
   */
  readonly path?: string;
  /**
   * Without `'polling'` no poll has to be passed on between child processes. WebTransport is not served.
   *
   * @default ['polling', 'websocket']
   */
  readonly transports?: ('polling' | 'websocket')[];
  /**
   * How much may wait for a client that takes nothing of it, in bytes, 1 to 1,073,741,824; with more its session ends.
   * One message may be larger.
   *
   * @default 8_388_608
   */
  readonly maxBackpressureBytes?: number;
  /** Limits and middleware of its path in place of the server's, or besides, as of any other route. */
  readonly route?: Pick<RouteOptions, 'connectionRequired' | 'rateLimit' | 'use'>;
}

/** Options as they are used. */
export interface ParsedOptions {
  /** Without the slash at its end. */
  readonly path: string;
  readonly route: NonNullable<SocketIoOptions['route']>;
  readonly maxBackpressureBytes: number;
  /** What socket.io is given. */
  readonly own: Partial<ServerOptions>;
}

const MAX_BACKPRESSURE_BYTES = 8_388_608;
const PATH = /^(?:\/[\w.~-]+)+\/?$/;
const DOTS = /\/\.\.?(?:\/|$)/;

/** By the kind of their values. */
const KNOWN: Readonly<Record<string, (value: unknown) => boolean>> = {
  adapter: isFunction,
  allowEIO3: isBoolean,
  allowRequest: isFunction,
  allowUpgrades: isBoolean,
  cleanupEmptyChildNamespaces: isBoolean,
  connectTimeout: isTime,
  cookie: isSwitch,
  cors: (value) => isSwitch(value) || isFunction(value),
  httpCompression: isSwitch,
  httpRequestBodyTimeout: isTime,
  initialPacket: () => true,
  maxBufferedChunks: isTime,
  maxHttpBufferSize: isTime,
  parser: isObject,
  perMessageDeflate: isSwitch,
  pingInterval: isTime,
  pingTimeout: isTime,
  serveClient: isBoolean,
  transports: isTransports,
  upgradeTimeout: isTime,
  wsEngine: isFunction,
};

/** What other ways of using socket.io have, and why it is not here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  addTrailingSlash: 'the path is served with and without it',
  destroyUpgrade: 'upgrades of other paths are those of other routes',
  destroyUpgradeTimeout: 'upgrades of other paths are those of other routes',
  connectionStateRecovery:
    'what a client missed is not kept. For messages that must arrive, use topics with a history: server.history and accept or events',
};

const ROUTE: ReadonlySet<string> = new Set(['connectionRequired', 'rateLimit', 'use']);

/** @throws {ConfigError} */
export function parseOptions(options: SocketIoOptions = {}): ParsedOptions {
  if (!isObject(options))
    throw wrong(`socketIo takes options such as { path: '/socket.io/' }, not ${String(options)}.`);
  const { path = '/socket.io/', route = {}, maxBackpressureBytes = MAX_BACKPRESSURE_BYTES, ...own } = options;
  if (typeof path !== 'string' || !PATH.test(path) || DOTS.test(path))
    throw wrong(
      `The option path of socketIo is a path such as '/socket.io/', of letters, digits, -, _, . and ~; not ${show(path)}.`,
    );
  if (!isTime(maxBackpressureBytes) || maxBackpressureBytes > 2 ** 30)
    throw wrong(
      `The option maxBackpressureBytes of socketIo is a whole number of bytes from 1 to 1,073,741,824, not ${show(maxBackpressureBytes)}.`,
    );
  for (const [name, value] of Object.entries(own)) assertOption(name, value);
  assertRoute(route);
  // What is left out is left to socket.io.
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return { path: path.replace(/\/$/, ''), route, maxBackpressureBytes, own: Object.fromEntries(given) };
}

function assertOption(name: string, value: unknown): void {
  const reason = ELSEWHERE[name];
  if (reason !== undefined) throw wrong(`socketIo has no option ${name}: ${reason}.`);
  const isRight = KNOWN[name];
  if (isRight === undefined)
    throw wrong(
      `socketIo has no option ${name}; those of a route go into { route: { … } }, the others are socket.io's.`,
    );
  if (value !== undefined && !isRight(value)) throw wrong(`The option ${name} of socketIo cannot be ${show(value)}.`);
}

function assertRoute(route: unknown): void {
  if (!isObject(route)) throw wrong(`The option route of socketIo is an object, not ${show(route)}.`);
  const unknown = Object.keys(route).find((name) => !ROUTE.has(name));
  if (unknown !== undefined)
    throw wrong(`The option route of socketIo has ${[...ROUTE].join(', ')}, and no ${unknown}.`);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSwitch(value: unknown): boolean {
  return isBoolean(value) || isObject(value);
}

/** A time in ms, or a size: as setTimeout takes it. */
function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 2 ** 31 - 1;
}

function isTransports(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    new Set(value).size === value.length &&
    value.every((each) => each === 'polling' || each === 'websocket')
  );
}

function show(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
}

function wrong(message: string): ConfigError {
  return new ConfigError(message, 'ERR_PORTLIGHT_INVALID_OPTION');
}
