import type { Endpoint } from './endpoint.ts';

const LENGTHS = 32;
const CODES = 128;

/**
 * The endpoints whose patterns are nothing but text, by their paths.
 *
 * A path that was just received has to be hashed before a map can say no, a third of all that a match costs (some 50 ns
 * for 30 characters). So a small table of lengths and last characters is asked first: a path that ends in an id seldom
 * gets past it.
 */
export class StaticRoutes<Target> {
  readonly #byPath: Map<string, Endpoint<Target>> = new Map();
  readonly #endings: Uint8Array = new Uint8Array(LENGTHS * CODES);

  /** A route of the method itself goes before one of any method. */
  add(path: string, endpoint: Endpoint<Target>): void {
    if (this.#byPath.get(path)?.isAny === false) return;
    this.#byPath.set(path, endpoint);
    this.#endings[endingOf(path)] = 1;
  }

  get(path: string): Endpoint<Target> | undefined {
    return this.#endings[endingOf(path)] === 1 ? this.#byPath.get(path) : undefined;
  }
}

function endingOf(path: string): number {
  return (path.length % LENGTHS) * CODES + (path.charCodeAt(path.length - 1) % CODES);
}
