import { pathToRegexp, type Token } from 'path-to-regexp';
import { decodeCapture } from '../request/target.ts';
import { captures } from './captures.ts';
import { NO_PARAMS, ParamRecord } from './param-record.ts';
import type { PatternVariant } from './pattern.ts';
import type { RouteMatch } from './route-match.ts';
import { PARAM, WILDCARD } from './shape.ts';

const { starts, ends } = captures;
const MARK = /(\0[:*])/;

/** Where a variant of a pattern leads. */
export class Endpoint<Target> {
  readonly target: Target;
  /** Whether the route takes any method: one with the method's own name then goes first. */
  readonly isAny: boolean;
  readonly shape: string;
  readonly endsInSlash: boolean;
  /** The shape from the segment of the first wildcard on, where that is more than a last segment `*name`. */
  readonly tail: string | null = null;
  readonly tailExpression: RegExp | null = null;
  /** The text behind the last param of the tail: a path without it needs no expression to be refused. */
  readonly tailText: string = '';
  readonly #names: readonly string[];
  /** How many captures stand in the path by their position. */
  readonly #headLength: number;
  readonly #endsInWildcard: boolean;

  constructor(variant: PatternVariant, target: Target, isAny: boolean) {
    const { shape, names } = variant;
    this.target = target;
    this.isAny = isAny;
    this.shape = shape;
    this.endsInSlash = variant.endsInSlash;
    this.#names = names;
    this.#headLength = names.length;
    const wildcard = names.length === 0 ? -1 : shape.indexOf(WILDCARD);
    const start = shape.lastIndexOf('/', wildcard) + 1;
    this.#endsInWildcard = wildcard === start && shape.length === start + WILDCARD.length;
    if (wildcard !== -1 && !this.#endsInWildcard) {
      this.tail = shape.slice(start);
      this.tailExpression = toExpression(this.tail);
      this.tailText = this.tail.split(MARK).at(-1) ?? '';
      this.#headLength -= this.tail.split(MARK).filter(isMark).length;
    }
  }

  get isStatic(): boolean {
    return this.#names.length === 0;
  }

  /** Equal for endpoints that take the same paths; that of a static one is its path. */
  get key(): string {
    return this.endsInSlash ? `${this.shape}/` : this.shape;
  }

  /** Takes the captures of the walk that just ended here. */
  match(path: string): RouteMatch<Target> {
    return { target: this.target, params: this.#names.length === 0 ? NO_PARAMS : this.#readParams(path) };
  }

  #readParams(path: string): ParamRecord {
    const names = this.#names;
    const isEscaped = path.includes('%');
    const params = new ParamRecord();
    const count = this.#endsInWildcard ? names.length - 1 : this.#headLength;
    for (let index = 0; index < count; index += 1) {
      const text = path.slice(starts[index], ends[index]);
      params[names[index] as string] = isEscaped ? decodeCapture(text) : text;
    }
    if (this.#endsInWildcard) params[names[count] as string] = splitCapture(path.slice(starts[count], ends[count]), isEscaped);
    else if (this.tail !== null) this.#readTail(this.tail, params);
    return params;
  }

  #readTail(tail: string, params: ParamRecord): void {
    for (const [index, mark] of tail.split(MARK).filter(isMark).entries()) {
      const text = captures.tail?.[index + 1] as string;
      params[this.#names[this.#headLength + index] as string] = mark === WILDCARD ? splitCapture(text, true) : decodeCapture(text);
    }
  }
}

/** The segments of a wildcard. A loop takes half the time of `split`. */
function splitCapture(text: string, isEscaped: boolean): string[] {
  const segments: string[] = [];
  let start = 0;
  for (let end = text.indexOf('/'); end !== -1; end = text.indexOf('/', start)) {
    segments.push(text.slice(start, end));
    start = end + 1;
  }
  segments.push(text.slice(start));
  return isEscaped ? segments.map(decodeCapture) : segments;
}

/** From path-to-regexp, whose expressions are built so that no path makes them backtrack for long. */
function toExpression(tail: string): RegExp {
  const tokens = tail.split(MARK).filter((text) => text !== '').map(toToken);
  return pathToRegexp({ tokens }, { sensitive: true, trailing: false }).regexp;
}

function toToken(text: string): Token {
  return isMark(text) ? { type: text === PARAM ? 'param' : 'wildcard', name: 'any' } : { type: 'text', value: text };
}

function isMark(text: string): boolean {
  return text === PARAM || text === WILDCARD;
}
