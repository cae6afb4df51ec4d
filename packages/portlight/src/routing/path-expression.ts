import { decodeCapture } from '../request/target.ts';
import { NO_PARAMS, ParamRecord } from './param-record.ts';

/**
 * `g` and `y` make an expression remember where it stopped, `m` would end the path at a line break, `d` is for nobody.
 */
const KEPT_FLAGS = /[^isuv]/g;

/** What a `RegExp` or `null` matches: a whole path, or all of it behind a prefix. */
export class PathExpression {
  /** Equal for expressions that match the same paths. */
  readonly shape: string;
  readonly #prefix: string;
  readonly #regexp: RegExp | null;

  /** The prefix is in canonical form, without a trailing slash. */
  constructor(pattern: RegExp | null, prefix: string) {
    const flags = pattern?.flags.replace(KEPT_FLAGS, '') ?? '';
    this.shape = pattern === null ? `\0${prefix}\0` : `\0${prefix}\0${flags}\0${pattern.source}`;
    this.#prefix = prefix;
    this.#regexp =
      pattern === null ? null : new RegExp(`^(?:${pattern.source})$`, flags.includes('s') ? flags : `${flags}s`);
  }

  /** The params of a canonical path, or `undefined` where it does not match. */
  match(path: string): ParamRecord | undefined {
    const rest = this.#restOf(path);
    if (rest === undefined) return undefined;
    return this.#regexp === null ? NO_PARAMS : this.#exec(this.#regexp, rest);
  }

  #restOf(path: string): string | undefined {
    const { length } = this.#prefix;
    if (length === 0) return path;
    if (!path.startsWith(this.#prefix)) return undefined;
    if (path.length === length) return '/';
    return path[length] === '/' ? path.slice(length) : undefined;
  }

  #exec(regexp: RegExp, text: string): ParamRecord | undefined {
    const found = regexp.exec(text);
    if (found === null) return undefined;
    if (found.groups === undefined) return NO_PARAMS;
    const params = new ParamRecord();
    for (const [name, value] of Object.entries<string | undefined>(found.groups)) {
      if (value !== undefined) params[name] = decodeCapture(value);
    }
    return params;
  }
}
