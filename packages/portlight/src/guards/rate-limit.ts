import { createPolicy, type RateLimitPolicy } from '@portlight/rate-limit';
import type { RateLimitOptions, RouteRateLimit } from '../config/rate-limit-options.ts';
import { ConfigError } from '../errors/config-error.ts';

/** A limit as a guard keeps it. */
export interface RateLimit extends Pick<RateLimitOptions, 'key' | 'skip'> {
  readonly policy: RateLimitPolicy;
  /** In front of every key: limits of the same name on two routes count apart. */
  readonly prefix: string;
}

const OPTIONS: ReadonlySet<string> = new Set(['max', 'windowSeconds', 'key', 'skip', 'algorithm', 'name']);

/**
 * @param where what the limit is for, as sentences name it
 * @param counted what its requests are counted for: the same as long as they count together
 * @throws {ConfigError} on a wrong value
 */
export function createRateLimit(options: RouteRateLimit, where: string, counted: string): RateLimit {
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
    return { policy: createPolicy({ name, max, windowSeconds, algorithm }), prefix: `${counted} ${name} `, key, skip };
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
  counted: string = where,
): readonly RateLimit[] {
  if ('length' in options && options.length === 0)
    throw invalid(`An empty list of rate limits for ${where} limits nothing; say rateLimit: false.`);
  const limits = ('length' in options ? options : [options]).map((each) => createRateLimit(each, where, counted));
  const names = new Set(limits.map(({ policy }) => policy.name));
  if (names.size < limits.length) throw invalid(`Several rate limits of ${where} need different names.`);
  return limits;
}

function invalid(message: string): ConfigError {
  return new ConfigError(message, 'ERR_PORTLIGHT_INVALID_OPTION');
}
