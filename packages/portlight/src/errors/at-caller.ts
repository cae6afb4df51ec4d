import { ConfigError } from './config-error.ts';
import { PortlightError } from './portlight-error.ts';

/** Errors whose stack begins where it should: with a call that was made inside another. */
const settled = new WeakSet<object>();

/** A function or class that the app calls. */
export type Entry = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/**
 * The error, its stack beginning where the app called `entry`: of an error that nothing catches, Node shows the line of
 * the first frame. Only errors of ours are changed, and each once.
 */
export function atCaller(error: unknown, entry: Entry): unknown {
  if (!(error instanceof PortlightError) || settled.has(error)) return error;
  settled.add(error);
  const probe: { stack?: string } = {};
  Error.captureStackTrace(probe, entry);
  // After a wait it holds who waits for `entry`, if somebody does; else where the error was made says more.
  if (probe.stack?.includes('\n    at ') === true) Error.captureStackTrace(error, entry);
  return error;
}

/** The error with the stack it has: code of the app made it. */
export function fromApp(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) settled.add(error);
  return error;
}

/** Stands for a method that looks at all its arguments itself. */
export const ANY: number = Number.POSITIVE_INFINITY;

/**
 * Lets what the methods throw begin where the app called them, and refuses arguments that would be dropped. They are
 * replaced by ones that do the same.
 *
 * @param most how many arguments each method takes
 */
export function throwAtCaller<Prototype extends object>(
  prototype: Prototype,
  most: Readonly<Partial<Record<keyof Prototype & string, number>>>,
): void {
  for (const [name, count] of Object.entries(most) as [keyof Prototype & string, number][]) {
    const method = prototype[name] as (...args: unknown[]) => unknown;
    const entry = function (this: unknown, ...args: unknown[]): unknown {
      try {
        if (args.length > count)
          throw new ConfigError(
            `${name} takes no more than ${count === 1 ? 'one argument' : `${count} arguments`}; call it once for each.`,
          );
        return method.apply(this, args);
      } catch (error) {
        throw atCaller(error, entry);
      }
    };
    Object.defineProperty(entry, 'name', { value: name });
    Object.defineProperty(prototype, name, { value: entry, writable: true, configurable: true });
  }
}
