import type { ZodMiniType } from 'zod/mini';
import { ConfigError } from '../errors/config-error.ts';

/**
 * The options, once a schema has accepted them.
 *
 * @param owner who has the options, as the sentence shall name it
 * @param names all options, where a sentence about an unknown one shall list them
 * @throws {ConfigError} naming the first wrong option, its value, and what would be right
 */
export function parseOptions<Options>(
  schema: ZodMiniType<Options>,
  options: unknown,
  owner: string,
  names: readonly string[] = [],
): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid(`The options of ${owner} must be an object, not ${show(options)}.`);
  }
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys')
    throw invalid(
      `${toSubject(owner)} has no option ${issue.keys.map(show).join(' and no option ')}${names.length === 0 ? '' : `; it has ${names.join(', ')}`}.`,
    );
  const path = issue?.path ?? [];
  const value = path.reduce<unknown>((holder, key) => (holder as Record<PropertyKey, unknown>)[key], options);
  throw invalid(
    `The option ${path.map(String).join('.')} of ${owner} must be ${issue?.message ?? 'valid'}, not ${show(value)}.`,
  );
}

/**
 * The options laid over a configuration. One that is `undefined` was not given.
 *
 * @throws {ConfigError} as {@link parseOptions}
 */
export function parseOver<Config extends object>(
  base: Config,
  schema: ZodMiniType<object>,
  options: unknown,
  owner: string,
): Config {
  const given = Object.entries(parseOptions(schema, options, owner)).filter(([, value]) => value !== undefined);
  return { ...base, ...(Object.fromEntries(given) as Partial<Config>) };
}

function invalid(message: string): ConfigError {
  return new ConfigError(message, 'ERR_PORTLIGHT_INVALID_OPTION');
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null
    ? Array.isArray(value)
      ? 'an array'
      : 'an object'
    : String(value);
}

/** At the beginning of a sentence. The name of a call stays as it is written. */
function toSubject(owner: string): string {
  return owner.replace(/^the /, 'The ');
}
