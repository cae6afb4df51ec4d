import * as z from 'zod/mini';
import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { isToken } from '../fields/header-syntax.ts';
import type { RequestRules } from '../request/request-source.ts';
import { MOST_PROCESSES } from './max-processes.ts';
import { type MimeTypes, parseMimeTypes } from './mime-types.ts';
import { parseOver } from './parse-options.ts';
import { assertTlsOptions, type TlsOptions } from './tls-options.ts';
import { parseTrustProxy, type TrustProxy } from './trust-proxy.ts';
import {
  DEFAULT_WEBSOCKET_CONFIG,
  parseWebSocketOptions,
  type WebSocketConfig,
  type WebSocketOptions,
} from './websocket-options.ts';
import { wholeNumber } from './whole-number.ts';

/** Options of a server. An option that is out of range throws when it is given; it never means "no limit". */
export interface ServerOptions {
  /**
   * Tells `/users/` from `/users`. Without it one trailing slash is optional.
   *
   * @default false
   */
  readonly strictSlashes?: boolean | undefined;
  /**
   * Starts the server on the next tick, when the routes of this one are registered. If it cannot start, the next
   * `start` or `run` rejects; if neither comes, it is reported.
   *
   * @default false
   */
  readonly autostart?: boolean | undefined;
  /**
   * `'fast'` serves plain requests without node:http and gives it all others, with the same answers; `'http'` gives it
   * every request, and `request.raw` is always there.
   *
   * @default 'fast'
   */
  readonly lane?: 'fast' | 'http' | undefined;
  /**
   * Which peers are proxies whose `X-Forwarded-For`, `Forwarded`, `X-Forwarded-Proto` and `X-Forwarded-Host` are
   * believed: ranges (`'10.0.0.0/8'`), addresses, `'unix'`; or a function of the address. `request.ip` is the
   * right-most address that is none.
   *
   * @default false
   */
  readonly trustProxy?: TrustProxy | undefined;
  /**
   * What tells a client from others, an account for example: for `request.client.id` and `server.clients`. Where it
   * gives no text, and without it: the address. @default undefined
   */
  readonly identify?: ((request: HttpRequest) => string) | undefined;
  /**
   * After how long without a request a connected client is forgotten, in ms, 0 to 86,400,000; `0`: never. @default 0
   */
  readonly clientIdleMs?: number | undefined;
  /** Of all WebSocket routes; `false` switches them off. @default true */
  readonly websocket?: boolean | WebSocketOptions | undefined;
  /** Serves https: a key, a certificate, and what belongs to them. Needed for `tls://`. @default undefined */
  readonly tls?: TlsOptions | undefined;
  /** Connections that may wait in the kernel to be accepted, 1 to 65,535. @default 511 */
  readonly backlog?: number | undefined;
  /** Largest body of a request, in bytes; a larger one is answered 413. A route may have its own. @default 1_048_576 */
  readonly maxBodyBytes?: number | undefined;
  /** Largest head of a request, in bytes, 1,024 to 1,048,576; a larger one is answered 431. @default 16_384 */
  readonly maxHeaderBytes?: number | undefined;
  /** Most header lines of a request, 1 to 10,000; more are answered 431. @default 100 */
  readonly maxHeaderLines?: number | undefined;
  /**
   * Longest request target, in bytes, 1 to 1,048,576; a longer one is answered 414, or 431 where the head is too large.
   * @default 8_192
   */
  readonly maxUrlBytes?: number | undefined;
  /** Longest time from the first byte of a head to its last, in ms; then 408. 1 to 86,400,000. @default 10_000 */
  readonly headersTimeoutMs?: number | undefined;
  /**
   * Longest time from the first byte of a request to the last of its body, in ms; then 408. The head has no longer
   * either. @default 60_000
   */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * How long a connection may stay open between two requests, in ms, 1 to 86,400,000; for the first one it has
   * `headersTimeoutMs`. @default 75_000
   */
  readonly keepAliveTimeoutMs?: number | undefined;
  /**
   * How long a client may take no byte of a response before it is cut, in ms, 0 to 86,400,000; `0`: for ever. @default
   * 30_000
   */
  readonly writeTimeoutMs?: number | undefined;
  /** Most open connections, 1 to 1,000,000; one more is closed at once. @default 10_000 */
  readonly maxConnections?: number | undefined;
  /**
   * Most open connections from one address, IPv6 by /56, 1 to 1,000,000; one more is closed at once. Clients of a unix
   * socket have no address and count only in all. @default 10_000
   */
  readonly maxConnectionsPerIp?: number | undefined;
  /**
   * Longest time for a handler and its middleware, in ms; then 503, and `request.signal` aborts. `0`: no limit. A route
   * may have its own. @default 0; in the mode `'sequential'` 30_000
   */
  readonly handlerTimeoutMs?: number | undefined;
  /**
   * What may wait, 0 to 1,000,000: requests for their turn in the mode `'sequential'`, connections for a child process
   * in `'forked'`. One more is answered 503. @default 1_000; in the mode `'forked'` 128
   */
  readonly maxQueued?: number | undefined;
  /**
   * How long a connection may wait for a child process in the mode `'forked'`, in ms, 1 to 86,400,000; then 503.
   * @default 10_000
   */
  readonly queueTimeoutMs?: number | undefined;
  /**
   * Media types of files by extension, without its dot, before the many that are known: `{ m4b: 'audio/mp4' }`. Text
   * that says no charset is UTF-8.
   *
   * @default undefined
   */
  readonly mimeTypes?: MimeTypes | undefined;
  /**
   * The field whose value is `request.id`, where it is 1 to 128 visible characters: `'x-request-id'`, for one. Only for
   * who stands behind a proxy that sets it: a client may send what it likes.
   *
   * @default false
   */
  readonly requestIdHeader?: string | false | undefined;
  /** How long a stop waits for what is under way, in ms, before it is forced. 0 to 86,400,000. @default 10_000 */
  readonly drainTimeoutMs?: number | undefined;
  /** How long a stopping server goes on accepting while its ready path says 503 already, in ms. @default 0 */
  readonly drainDelayMs?: number | undefined;
  /**
   * What becomes of requests that have a rate limit while a backplane cannot count them: `'local'` counts them in the
   * memory of this process meanwhile, `'allow'` lets them pass, `'deny'` answers 503 with `Retry-After`.
   *
   * @default 'local'
   */
  readonly onStoreError?: 'local' | 'allow' | 'deny' | undefined;
  /**
   * What `run` does about uncaught exceptions and unhandled rejections: `'drain'` logs, drains and exits with 1;
   * `'ignore'` leaves them to the app.
   *
   * @default 'drain'
   */
  readonly onUncaught?: 'drain' | 'ignore' | undefined;
  /**
   * The file that child processes run, a path or a `file:` URL; needed where this process runs none, as with `node -e`.
   *
   * @default the file that this process runs
   */
  readonly entry?: string | URL | undefined;
  /**
   * How long a child process may take until it serves, in ms, 100 to 86,400,000; then it is killed, and is a child that
   * could not start. A backplane has as long to be open, and never more than ten seconds. @default 30_000
   */
  readonly bootTimeoutMs?: number | undefined;
  /**
   * How long a child process may say nothing, because a handler never ends for example, in ms, 2,000 to 86,400,000;
   * then it is killed and replaced. @default 10_000
   */
  readonly unresponsiveTimeoutMs?: number | undefined;
  /**
   * After how many requests a child process is replaced, 1 to 1,000,000,000, up to a tenth earlier so that not all are
   * replaced at once; looked at each second, in the mode `'forked'` after each connection. @default however many
   */
  readonly maxRequestsPerWorker?: number | undefined;
  /**
   * From how much memory on a child process is replaced, in bytes of its resident set, 100,663,296 (96 MiB) and more;
   * looked at each second. @default however much
   */
  readonly maxMemoryBytes?: number | undefined;
  /**
   * Child processes of the mode `'forked'` that are kept waiting for a connection, 0 to 1,024, as far as
   * `setMaxProcesses` allows. @default 2
   */
  readonly minSpare?: number | undefined;
  /**
   * Most child processes of the mode `'forked'` that wait for a connection, 1 to 1,024; those beyond are ended, one
   * each second. @default 5, or `minSpare` where that is more
   */
  readonly maxSpare?: number | undefined;
  /**
   * WebSockets and event streams that may be open in the mode `'forked'`, where each has a child process, 0 to 1,024;
   * one more is answered 503. @default half of what `setMaxProcesses` says
   */
  readonly maxStreams?: number | undefined;
}

/** Options whose default the mode says. */
type ForTheMode = 'maxQueued' | 'unresponsiveTimeoutMs' | 'maxStreams';

/** Options without which nothing is limited. */
type Unlimited = 'maxRequestsPerWorker' | 'maxMemoryBytes';

/** Options of a server with every default filled in, and what its methods set. */
export type ServerConfig = {
  readonly [
    Name in Exclude<
      keyof ServerOptions,
      'tls' | 'identify' | 'mimeTypes' | 'handlerTimeoutMs' | 'entry' | ForTheMode | Unlimited
    >
  ]-?: Exclude<ServerOptions[Name], undefined>;
} & {
  readonly tls: TlsOptions | undefined;
  readonly identify: ServerOptions['identify'];
  readonly mimeTypes: ServerOptions['mimeTypes'];
  readonly entry: ServerOptions['entry'];
  /** `undefined` for what the mode has. */
  readonly handlerTimeoutMs: number | undefined;
  readonly maxRequestsPerWorker: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  readonly maxQueued: number | undefined;
  readonly unresponsiveTimeoutMs: number | undefined;
  readonly maxStreams: number | undefined;
  /** What follows from `websocket`. */
  readonly channels: WebSocketConfig;
  /** What follows from `trustProxy`, `identify`, `mimeTypes` and `requestIdHeader`. */
  readonly rules: RequestRules;
  /** What `setTimeout` sets: how long a client may stay silent while it is its turn, in ms; 0: for ever. */
  readonly silenceMs: number;
  /** What `setMaxProcesses` sets; `undefined` for what the mode has. */
  readonly maxProcesses: number | undefined;
};

export const DEFAULT_SERVER_CONFIG: ServerConfig = {
  strictSlashes: false,
  autostart: false,
  lane: 'fast',
  tls: undefined,
  trustProxy: false,
  identify: undefined,
  mimeTypes: undefined,
  requestIdHeader: false,
  websocket: true,
  channels: DEFAULT_WEBSOCKET_CONFIG,
  rules: { trusts: undefined, identify: undefined, mediaTypes: undefined, idHeader: undefined },
  clientIdleMs: 0,
  backlog: DEFAULTS.backlog,
  maxBodyBytes: DEFAULTS.maxBodyBytes,
  maxHeaderBytes: DEFAULTS.maxHeaderBytes,
  maxHeaderLines: DEFAULTS.maxHeaderLines,
  maxUrlBytes: DEFAULTS.maxUrlBytes,
  headersTimeoutMs: DEFAULTS.headersTimeoutMs,
  requestTimeoutMs: DEFAULTS.requestTimeoutMs,
  keepAliveTimeoutMs: DEFAULTS.keepAliveTimeoutMs,
  writeTimeoutMs: DEFAULTS.writeTimeoutMs,
  maxConnections: DEFAULTS.maxConnections,
  maxConnectionsPerIp: DEFAULTS.maxConnectionsPerIp,
  handlerTimeoutMs: undefined,
  maxQueued: undefined,
  queueTimeoutMs: DEFAULTS.queueTimeoutMs,
  drainTimeoutMs: DEFAULTS.drainTimeoutMs,
  drainDelayMs: DEFAULTS.drainDelayMs,
  onStoreError: 'local',
  onUncaught: 'drain',
  entry: undefined,
  bootTimeoutMs: DEFAULTS.bootTimeoutMs,
  maxRequestsPerWorker: undefined,
  maxMemoryBytes: undefined,
  unresponsiveTimeoutMs: undefined,
  minSpare: DEFAULTS.minSpare,
  maxSpare: DEFAULTS.maxSpare,
  maxStreams: undefined,
  silenceMs: 0,
  maxProcesses: undefined,
};

/**
 * The options laid over a configuration.
 *
 * @throws {ConfigError} on an unknown option or a value out of range
 */
export function resolveServerConfig(base: ServerConfig, options: ServerOptions, owner = 'the server'): ServerConfig {
  // No options need no check, and no library to check them.
  if (isObject(options) && !Array.isArray(options) && Object.keys(options).length === 0) return base;
  const config = parseOver(base, serverOptionsSchema(), options, owner);
  if (options.tls !== undefined) assertTlsOptions(options.tls);
  const { minSpare = 0, maxSpare = Infinity } = options;
  if (maxSpare < minSpare)
    throw new ConfigError(`The option maxSpare is ${maxSpare}; it cannot be less than minSpare, ${minSpare}.`);
  const channels =
    options.websocket === undefined
      ? base.channels
      : parseWebSocketOptions(options.websocket, `the option websocket of ${owner}`);
  const rules = {
    trusts: parseTrustProxy(config.trustProxy),
    identify: config.identify,
    mediaTypes: parseMimeTypes(config.mimeTypes),
    idHeader: config.requestIdHeader === false ? undefined : config.requestIdHeader.toLowerCase(),
  };
  return { ...config, channels, rules };
}

let schema: z.ZodMiniType<ServerOptions> | undefined;

function serverOptionsSchema(): z.ZodMiniType<ServerOptions> {
  if (schema !== undefined) return schema;
  const aDayMs = 86_400_000;
  const trueOrFalse = z.optional(z.boolean({ error: 'true or false' }));
  return (schema = z.strictObject({
    strictSlashes: trueOrFalse,
    autostart: trueOrFalse,
    lane: z.optional(z.enum(['fast', 'http'], { error: "'fast' or 'http'" })),
    // Looked at by `parseWebSocketOptions`.
    websocket: z.optional(
      z.custom<NonNullable<ServerOptions['websocket']>>((value) => typeof value === 'boolean' || isObject(value), {
        error: 'true, false or an object',
      }),
    ),
    // Looked at by `parseTrustProxy`, which says more.
    trustProxy: z.optional(z.custom<TrustProxy>(() => true)),
    identify: z.optional(
      z.custom<NonNullable<ServerOptions['identify']>>((value) => typeof value === 'function', {
        error: 'a function (request) => string',
      }),
    ),
    clientIdleMs: wholeNumber('milliseconds', 0, aDayMs),
    tls: z.optional(z.custom<TlsOptions>(isObject, { error: 'an object with key and cert' })),
    backlog: wholeNumber('connections', 1, 65_535),
    maxBodyBytes: wholeNumber('bytes', 0, Number.MAX_SAFE_INTEGER),
    maxHeaderBytes: wholeNumber('bytes', 1_024, 1_048_576),
    maxHeaderLines: wholeNumber('lines', 1, 10_000),
    maxUrlBytes: wholeNumber('bytes', 1, 1_048_576),
    headersTimeoutMs: wholeNumber('milliseconds', 1, aDayMs),
    requestTimeoutMs: wholeNumber('milliseconds', 1, aDayMs),
    keepAliveTimeoutMs: wholeNumber('milliseconds', 1, aDayMs),
    writeTimeoutMs: wholeNumber('milliseconds', 0, aDayMs),
    maxConnections: wholeNumber('connections', 1, 1_000_000),
    maxConnectionsPerIp: wholeNumber('connections', 1, 1_000_000),
    handlerTimeoutMs: wholeNumber('milliseconds', 0, aDayMs),
    maxQueued: wholeNumber('requests', 0, 1_000_000),
    queueTimeoutMs: wholeNumber('milliseconds', 1, aDayMs),
    // Looked at by `parseMimeTypes`, which says more.
    mimeTypes: z.optional(z.custom<MimeTypes>(() => true)),
    requestIdHeader: z.optional(
      z.custom<string | false>((value) => value === false || (typeof value === 'string' && isToken(value)), {
        error: "false or the name of a header field, such as 'x-request-id'",
      }),
    ),
    drainTimeoutMs: wholeNumber('milliseconds', 0, aDayMs),
    drainDelayMs: wholeNumber('milliseconds', 0, aDayMs),
    onStoreError: z.optional(z.enum(['local', 'allow', 'deny'], { error: "'local', 'allow' or 'deny'" })),
    onUncaught: z.optional(z.enum(['drain', 'ignore'], { error: "'drain' or 'ignore'" })),
    entry: z.optional(
      z.custom<string | URL>(
        (value) => (typeof value === 'string' && value !== '') || (value instanceof URL && value.protocol === 'file:'),
        { error: 'the path of a file or a file: URL' },
      ),
    ),
    bootTimeoutMs: wholeNumber('milliseconds', 100, aDayMs),
    unresponsiveTimeoutMs: wholeNumber('milliseconds', 2_000, aDayMs),
    maxRequestsPerWorker: wholeNumber('requests', 1, 1_000_000_000),
    maxMemoryBytes: wholeNumber('bytes', 100_663_296, Number.MAX_SAFE_INTEGER),
    minSpare: wholeNumber('processes', 0, MOST_PROCESSES),
    maxSpare: wholeNumber('processes', 1, MOST_PROCESSES),
    maxStreams: wholeNumber('streams', 0, MOST_PROCESSES),
  }) satisfies z.ZodMiniType<ServerOptions>);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
