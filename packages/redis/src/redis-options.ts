import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { ConfigError } from 'portlight';

/** Options of `redis`. */
export interface RedisOptions {
  /**
   * What the names of all keys and channels begin with, in braces, so that all of them are in one slot of a cluster: 1
   * to 64 printable characters without braces. Apps that share a Redis have one each.
   *
   * @default 'portlight'
   */
  readonly prefix?: string | undefined;
  /** Of TLS, where the URL begins with `rediss:`: certificates and keys, as `tls.connect` takes them. */
  readonly tls?:
    Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'servername' | 'rejectUnauthorized'> | undefined;
  /**
   * For how long a request waits for its rate limit, in ms, 10 to 10,000. Then it is counted as `onStoreError` says.
   *
   * @default 100
   */
  readonly limitTimeoutMs?: number | undefined;
  /**
   * After how long a machine that is not heard of is taken for gone, in ms, 3,000 to 600,000: its presence and its
   * clients end.
   *
   * @default 10_000
   */
  readonly lostAfterMs?: number | undefined;
  /**
   * How many bytes the histories of all topics together may take, from 1 MiB; the oldest messages go first.
   *
   * @default 67_108_864
   */
  readonly maxHistoryBytes?: number | undefined;
}

/** Where a Redis is. */
export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  /** Of a unix socket. */
  readonly path: string | undefined;
  readonly tls: RedisOptions['tls'];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number | undefined;
}

/** What was asked for, complete. */
export interface RedisConfig {
  readonly targets: readonly RedisTarget[];
  readonly prefix: string;
  readonly limitTimeoutMs: number;
  readonly lostAfterMs: number;
  readonly maxHistoryBytes: number;
}

const KNOWN = ['prefix', 'tls', 'limitTimeoutMs', 'lostAfterMs', 'maxHistoryBytes'];
const TLS_NAMES = ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized'];
const EXAMPLE = "'redis://127.0.0.1:6379'";

/** @throws {ConfigError} which shows no password */
export function parseRedisOptions(urls: unknown, options: unknown): RedisConfig {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new ConfigError('redis takes its options as an object, behind the URL.');
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`redis has no option ${JSON.stringify(unknown)}; it has ${KNOWN.join(', ')}.`);
  const given = options as RedisOptions;
  const all: readonly unknown[] = Array.isArray(urls) ? urls : [urls];
  if (all.length === 0) throw new ConfigError(`redis takes a URL such as ${EXAMPLE}, or several in an array.`);
  return {
    targets: all.map((url) => parseUrl(url, readTls(given.tls))),
    prefix: readPrefix(given.prefix),
    limitTimeoutMs: readWhole('limitTimeoutMs', given.limitTimeoutMs, 100, [10, 10_000]),
    lostAfterMs: readWhole('lostAfterMs', given.lostAfterMs, 10_000, [3_000, 600_000]),
    maxHistoryBytes: readWhole('maxHistoryBytes', given.maxHistoryBytes, 64 * 1_048_576, [
      1_048_576,
      Number.MAX_SAFE_INTEGER,
    ]),
  };
}

function parseUrl(value: unknown, tls: RedisOptions['tls']): RedisTarget {
  const url = typeof value === 'string' && isWellFormed(value) ? new URL(value) : undefined;
  if (url === undefined || !['redis:', 'rediss:', 'unix:'].includes(url.protocol))
    throw new ConfigError(
      `redis takes a URL such as ${EXAMPLE}, with rediss: for TLS, or 'unix:///path.sock'; it was given ${shown(value, url)}.`,
    );
  const isSocket = url.protocol === 'unix:';
  if (isSocket ? url.pathname.length < 2 || url.hostname !== '' : url.hostname === '')
    throw new ConfigError(`The URL that redis is given has no ${isSocket ? 'path of a socket' : 'host'}.`);
  if (url.port === '0') throw new ConfigError('The URL that redis is given has the port 0, on which nobody listens.');
  if (url.search !== '' || url.hash !== '')
    throw new ConfigError('The URL that redis is given has a query or a fragment; options stand behind it.');
  if (tls !== undefined && url.protocol !== 'rediss:')
    throw new ConfigError("The option tls of redis needs a URL that begins with 'rediss:'.");
  return {
    host: url.hostname.replaceAll(/^\[|\]$/g, ''),
    port: url.port === '' ? 6_379 : Number(url.port),
    path: isSocket ? decodeURIComponent(url.pathname) : undefined,
    tls: url.protocol === 'rediss:' ? (tls ?? {}) : undefined,
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    database: isSocket ? undefined : readDatabase(url.pathname),
  };
}

/** Whether it is a URL, whose escapes can be read. */
function isWellFormed(url: string): boolean {
  try {
    const { username, password, pathname } = new URL(url);
    for (const part of [username, password, pathname]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

function readDatabase(path: string): number | undefined {
  if (path === '' || path === '/') return undefined;
  if (!/^\/\d{1,5}$/.test(path))
    throw new ConfigError(`The path of the URL that redis is given is the number of a database, such as /0.`);
  return Number(path.slice(1));
}

function readPrefix(prefix: unknown = 'portlight'): string {
  if (typeof prefix !== 'string' || !/^[!-z|~]{1,64}$/.test(prefix))
    throw new ConfigError('The prefix of redis is 1 to 64 printable characters without spaces and braces.');
  return prefix;
}

function readTls(tls: unknown): RedisOptions['tls'] {
  if (tls === undefined) return undefined;
  if (typeof tls !== 'object' || tls === null)
    throw new ConfigError('The option tls of redis is an object, such as { ca }.');
  const unknown = Object.keys(tls).find((name) => !TLS_NAMES.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`The option tls of redis has no ${JSON.stringify(unknown)}; it has ${TLS_NAMES.join(', ')}.`);
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw new ConfigError('The option tls of redis holds no certificates or keys that can be used.', undefined, cause);
  }
  return tls;
}

function readWhole(name: string, value: unknown, usual: number, [least, most]: readonly [number, number]): number {
  if (value === undefined) return usual;
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    throw new ConfigError(`${name} of redis is a whole number from ${least} to ${most}.`);
  return value as number;
}

/** Of what was given, without what may be a secret. */
function shown(value: unknown, url: URL | undefined): string {
  if (url !== undefined) return `one of ${url.protocol}`;
  return typeof value === 'string' ? 'a text that is none' : `a value of type ${typeof value}`;
}
