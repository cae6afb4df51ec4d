import * as z from 'zod/mini';
import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';
import { showValue } from '../errors/show-value.ts';
import { parseOver } from './parse-options.ts';
import { wholeNumber } from './whole-number.ts';

/** Options of all WebSocket routes of a server. */
export interface WebSocketOptions {
  /**
   * Largest message, in bytes, whatever the number of its frames; a larger one closes with 1009. 1 to 1,073,741,824.
   * @default 1_048_576
   */
  readonly maxPayloadBytes?: number | undefined;
  /**
   * How much may wait for a client that takes it slowly, in bytes, for event streams too. 1 to 1,073,741,824. @default
   * 1_048_576
   */
  readonly maxBackpressureBytes?: number | undefined;
  /**
   * What becomes of a client for which more waits: it is closed with 1013, misses what comes, or gets only the newest
   * of each topic. @default 'close'
   */
  readonly slowClient?: 'close' | 'drop' | 'latest' | undefined;
  /**
   * After how long without a frame of the client it is asked for one (ping), in ms; 20 s later it is cut. 10 to
   * 86,400,000. @default 25_000
   */
  readonly heartbeatMs?: number | undefined;
  /**
   * Which pages may connect: `'self'` for those of the request's own host, others as `https://app.example`. A list
   * without `'self'` shuts the own pages out. A browser names its page's origin; others than browsers name none, and
   * are let in.
   *
   * @default ['self']
   */
  readonly origins?: readonly string[] | undefined;
  /** Compresses messages. Costs memory for each connection. @default false */
  readonly perMessageDeflate?: boolean | undefined;
  /** Most open channels; more upgrades are answered 503. 1 to 1,000,000. @default 10_000 */
  readonly maxChannels?: number | undefined;
  /**
   * Most open channels of one address, IPv6 by /56; more upgrades are answered 429. 1 to 1,000,000. @default 10_000
   */
  readonly maxChannelsPerIp?: number | undefined;
  /** Most messages of a client in a second; more close with 1008. 1 to 1,000,000. @default 1_000 */
  readonly messagesPerSecond?: number | undefined;
}

/** The options with every default filled in. */
export type WebSocketConfig = {
  readonly [Name in keyof WebSocketOptions]-?: Exclude<WebSocketOptions[Name], undefined>;
} & {
  /** Whether `accept` routes are served. */
  readonly isOn: boolean;
};

export const DEFAULT_WEBSOCKET_CONFIG: WebSocketConfig = {
  isOn: true,
  maxPayloadBytes: DEFAULTS.maxPayloadBytes,
  maxBackpressureBytes: DEFAULTS.maxBackpressureBytes,
  slowClient: 'close',
  heartbeatMs: DEFAULTS.heartbeatMs,
  origins: ['self'],
  perMessageDeflate: false,
  maxChannels: DEFAULTS.maxChannels,
  maxChannelsPerIp: DEFAULTS.maxChannelsPerIp,
  messagesPerSecond: DEFAULTS.messagesPerSecond,
};

/** @throws {ConfigError} on an unknown option or a value out of range */
export function parseWebSocketOptions(options: unknown, owner: string): WebSocketConfig {
  if (options === true || options === undefined) return DEFAULT_WEBSOCKET_CONFIG;
  if (options === false) return { ...DEFAULT_WEBSOCKET_CONFIG, isOn: false };
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new ConfigError(
      `${owner} takes true, false, or options such as { maxPayloadBytes: 65536 }, not ${showValue(options)}.`,
      'ERR_PORTLIGHT_INVALID_OPTION',
    );
  return parseOver(DEFAULT_WEBSOCKET_CONFIG, websocketOptionsSchema(), options, owner);
}

let schema: z.ZodMiniType<WebSocketOptions> | undefined;

function websocketOptionsSchema(): z.ZodMiniType<WebSocketOptions> {
  if (schema !== undefined) return schema;
  const origin = z.custom<string>(isOrigin, {
    error: `'self' or an origin such as "https://app.example", in lower case and without a path, a slash at the end or a port that goes without saying`,
  });
  return (schema = z.strictObject({
    maxPayloadBytes: wholeNumber('bytes', 1, 1_073_741_824),
    maxBackpressureBytes: wholeNumber('bytes', 1, 1_073_741_824),
    slowClient: z.optional(z.enum(['close', 'drop', 'latest'], { error: "'close', 'drop' or 'latest'" })),
    heartbeatMs: wholeNumber('milliseconds', 10, 86_400_000),
    origins: z.optional(z.array(origin, { error: "an array of 'self' and origins" })),
    perMessageDeflate: z.optional(z.boolean({ error: 'true or false' })),
    maxChannels: wholeNumber('channels', 1, 1_000_000),
    maxChannelsPerIp: wholeNumber('channels', 1, 1_000_000),
    messagesPerSecond: wholeNumber('messages', 1, 1_000_000),
  }) satisfies z.ZodMiniType<WebSocketOptions>);
}

/** Apps in a web view and extensions have schemes of their own, of whose URLs the standard gives no origin. */
const OWN_SCHEME = /^(?!https?:|wss?:|ftp:|file:)[a-z][-+.a-z0-9]*:\/\/[-.a-z0-9]+(?::\d{1,5})?$/;

/** What a browser writes into `Origin`: the scheme of a page, its host and its port. Never that of a socket. */
function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (value === 'self' || OWN_SCHEME.test(value)) return true;
  return /^https?:[^*]+$/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}
