import * as z from 'zod/mini';
import { parseOptions } from '../config/parse-options.ts';
import type { RouteRateLimit } from '../config/rate-limit-options.ts';
import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';

/** Who may publish over a bridge, and how much. */
export interface BridgeOptions {
  /**
   * One secret, or two while one takes the place of the other, by the names that signed requests give: each at least 32
   * bytes of UTF-8. One that is `undefined` is not set; while none is, the bridge is off, and its path answers 404.
   */
  readonly secrets: Readonly<Record<string, string | undefined>>;
  /** Largest body, in bytes. @default 1 MiB */
  readonly maxBodyBytes?: number | undefined;
  /** As of a route. @default the server's */
  readonly rateLimit?: RouteRateLimit | readonly RouteRateLimit[] | false | undefined;
}

/** The secrets that are set, by their names. */
export type BridgeSecrets = ReadonlyMap<string, Buffer>;

/** What a header field can hold, and a reader can tell apart. */
const NAME = /^[\w.-]{1,64}$/;

/** Options that were found right. */
export interface BridgeTerms {
  readonly secrets: BridgeSecrets;
  /** For its route. */
  readonly route: Pick<BridgeOptions, 'maxBodyBytes' | 'rateLimit'>;
}

/** @throws {ConfigError} on an unknown option, or a wrong value; no secret is in its message */
export function parseBridgeOptions(options: unknown): BridgeTerms {
  const { secrets, maxBodyBytes, rateLimit } = parseOptions(schema(), options, 'bridge');
  const set = new Map<string, Buffer>();
  for (const [name, secret] of Object.entries(secrets))
    if (secret !== undefined) set.set(assertName(name), toSecret(name, secret));
  if (set.size > 2)
    throw invalid(`The option secrets of bridge takes two at most, the new one and the old one; here are ${set.size}.`);
  return { secrets: set, route: { maxBodyBytes: maxBodyBytes ?? DEFAULTS.maxBridgeBytes, rateLimit } };
}

function schema(): z.ZodMiniType<BridgeOptions> {
  return z.strictObject({
    secrets: z.record(z.string(), z.unknown(), 'an object such as { k1: process.env.BRIDGE_SECRET }'),
    maxBodyBytes: z.optional(z.unknown()),
    rateLimit: z.optional(z.unknown()),
  }) as unknown as z.ZodMiniType<BridgeOptions>;
}

function assertName(name: string): string {
  if (NAME.test(name)) return name;
  throw invalid(`A secret of bridge is named by 1 to 64 letters, digits, dots, dashes and underscores.`);
}

function toSecret(name: string, secret: unknown): Buffer {
  const bytes = typeof secret === 'string' ? Buffer.from(secret) : undefined;
  if (bytes === undefined || bytes.byteLength < DEFAULTS.minSecretBytes)
    throw invalid(
      `The secret ${name} of bridge must be a string of ${DEFAULTS.minSecretBytes} bytes or more, not ` +
        `${bytes === undefined ? `of type ${typeof secret}` : `of ${bytes.byteLength}`}; ` +
        'make one with: openssl rand -hex 32',
    );
  return bytes;
}

function invalid(message: string): ConfigError {
  return new ConfigError(message, 'ERR_PORTLIGHT_INVALID_OPTION');
}
