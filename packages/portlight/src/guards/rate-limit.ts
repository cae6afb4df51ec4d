import { createPolicy, type RateLimitPolicy } from '@portlight/rate-limit';
import type { RateLimitOptions, RouteRateLimit } from '../config/rate-limit-options.ts';
import { ConfigError } from '../errors/config-error.ts';

/** A limit as a guard keeps it. */
export interface RateLimit extends Pick<RateLimitOptions, 'key' | 'skip'> {
  readonly policy: RateLimitPolicy;
  /** In front of every key: what counts apart has different ones, and the same in every process of an app. */
  readonly prefix: string;
}

/** What the requests of a limit are counted for, in parts that JSON can hold. Equal parts count together. */
export type Counted = readonly (string | number | null)[];

const OPTIONS: ReadonlySet<string> = new Set(['max', 'windowSeconds', 'key', 'skip', 'algorithm', 'name']);

/**
 * @param where what the limit is for, as sentences name it
 * @throws {ConfigError} on a wrong value
 */
function createRateLimit(options: RouteRateLimit, where: string, counted: Counted = []): RateLimit {
  if (typeof options !== 'object' || options === null)
    throw invalid(`A rate limit of ${where} needs max and windowSeconds, not ${String(options)}.`);
  const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) throw invalid(`A rate limit of ${where} has no option ${JSON.stringify(unknown)}.`);
  for (const name of ['key', 'skip'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw invalid(`The option ${name} of a rate limit of ${where} must be a function.`);
  }
  const { max, windowSeconds, key, skip, algorithm = 'sliding-window', name = 'default' } = options;
  try {
    const policy = createPolicy({ name, max, windowSeconds, algorithm });
    // No such text begins another one, so that no key behind one reads as a key behind another.
    return { policy, prefix: JSON.stringify([name, ...counted]), key, skip };
  } catch (cause) {
    throw new ConfigError(
      `A rate limit of ${where} cannot be used: ${(cause as Error).message}`,
      'ERR_PORTLIGHT_INVALID_OPTION',
    );
  }
}

/** The limits of a route. @throws {ConfigError} also when two of them have one name */
export function createRateLimits(
  options: RouteRateLimit | readonly RouteRateLimit[],
  where: string,
  counted?: Counted,
): readonly RateLimit[] {
  if ('length' in options && options.length === 0)
    throw invalid(`An empty list of rate limits for ${where} limits nothing; say rateLimit: false.`);
  const limits = ('length' in options ? options : [options]).map((each) => createRateLimit(each, where, counted));
  const names = new Set(limits.map(({ policy }) => policy.name));
  if (names.size < limits.length) throw invalid(`Several rate limits of ${where} need different names.`);
  return limits;
}

/**
 * What `setRateLimit` was given, as one of the limits of a router.
 *
 * @param present those that it has
 * @throws {ConfigError} on a wrong value, or a name that another one has
 */
export function parseSetRateLimit(
  max: number,
  windowSeconds: number,
  options: unknown,
  present: readonly RouteRateLimit[],
): RouteRateLimit {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid(
      `setRateLimit takes options such as { key: (request) => request.header('x-api-key') } after the seconds, ` +
        `not ${describe(options)}.`,
    );
  const twice = ['max', 'windowSeconds'].find((name) => name in options);
  if (twice !== undefined) throw invalid(`setRateLimit takes ${twice} as an argument, not among its options.`);
  const limit: RouteRateLimit = { ...options, max, windowSeconds };
  const { name } = createRateLimit(limit, 'setRateLimit').policy;
  if (present.some((each) => (each.name ?? 'default') === name))
    throw invalid(
      `There is a rate limit of the name ${JSON.stringify(name)} already; give this one another by its option name.`,
    );
  return limit;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : `a ${typeof value}`;
}

function invalid(message: string): ConfigError {
  return new ConfigError(message, 'ERR_PORTLIGHT_INVALID_OPTION');
}
