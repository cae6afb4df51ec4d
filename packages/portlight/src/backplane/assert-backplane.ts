import { ConfigError } from '../errors/config-error.ts';
import type { Backplane } from './backplane.ts';

type Part = 'limits' | 'clients' | 'bus' | 'values';
type MethodsOf<Name extends Part> = Readonly<Record<keyof Required<Omit<Backplane[Name], 'close'>>, true>>;

const METHODS: { readonly [Name in Part]: MethodsOf<Name> } = {
  limits: { take: true },
  clients: {
    connect: true,
    noteRequest: true,
    has: true,
    get: true,
    list: true,
    count: true,
    reserve: true,
    commit: true,
    abort: true,
    remove: true,
    removeIdle: true,
    removeOwn: true,
  },
  bus: {
    connect: true,
    setInterest: true,
    publish: true,
    read: true,
    enter: true,
    exit: true,
    presence: true,
    restate: true,
  },
  values: { get: true, set: true, delete: true, claim: true },
};

/** @throws {ConfigError} */
export function assertBackplane(value: unknown): Backplane {
  if (typeof value !== 'object' || value === null)
    throw new ConfigError('backplane takes an object that keeps what processes share, such as redis(url) makes one.');
  const missing = [
    ...missingOf(value, ['open', 'close'], ''),
    ...Object.entries(METHODS).flatMap(([part, methods]) =>
      missingOf(Reflect.get(value, part), Object.keys(methods), `${part}.`),
    ),
  ];
  if (missing.length > 0) throw new ConfigError(`What backplane is given has no method ${missing.join(', ')}.`);
  return value as Backplane;
}

/** The names of the methods that an object does not have, or all where it is no object. */
function missingOf(value: unknown, methods: readonly string[], prefix: string): readonly string[] {
  const isObject = typeof value === 'object' && value !== null;
  return methods
    .filter((name) => !isObject || typeof Reflect.get(value, name) !== 'function')
    .map((name) => prefix + name);
}
