import { pathToRegexp, type Token } from 'path-to-regexp';
import { PARAM, WILDCARD } from './shape.ts';

const MARK = /(\0[pw])/;

/**
 * What follows from the segment of a wildcard on, where that is more than a last segment `*name`: `*path/edit`,
 * `*name.json`. Its expression is from path-to-regexp, which builds such that no path makes it try for long.
 */
export class Tail {
  readonly shape: string;
  /** Of each capture whether it is a wildcard. */
  readonly wildcards: readonly boolean[];
  readonly #expression: RegExp;
  /** What follows the last param: where a path does not end in it, no expression has to be asked. */
  readonly #lastText: string;

  constructor(shape: string) {
    const parts = shape.split(MARK);
    const tokens = parts.filter((part) => part !== '').map(toToken);
    this.shape = shape;
    this.wildcards = tokens.filter(({ type }) => type !== 'text').map(({ type }) => type === 'wildcard');
    this.#expression = pathToRegexp({ tokens }, { sensitive: true, trailing: false }).regexp;
    this.#lastText = parts.at(-1) ?? '';
  }

  exec(text: string): RegExpExecArray | null {
    return text.endsWith(this.#lastText) ? this.#expression.exec(text) : null;
  }
}

function toToken(part: string): Token {
  if (part !== PARAM && part !== WILDCARD) return { type: 'text', value: part };
  return { type: part === PARAM ? 'param' : 'wildcard', name: 'any' };
}
