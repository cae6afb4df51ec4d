import { pathToRegexp } from 'path-to-regexp';
import { decodeCapture } from '../request/target.ts';
import { captures } from './captures.ts';
import { NO_PARAMS, ParamRecord } from './param-record.ts';
import type { PatternVariant } from './pattern.ts';
import type { RouteMatch } from './route-match.ts';
import { RANK, type Segment } from './segment.ts';

const { starts, ends } = captures;

/** Where a variant of a pattern leads for one method. */
export class Endpoint<Target> {
  readonly target: Target;
  /** Whether the route takes any method: one with the method's own name then goes first. */
  readonly isAny: boolean;
  readonly segments: readonly Segment[];
  readonly shape: string;
  readonly endsInSlash: boolean;
  /** The segments from the first wildcard on, where that is more than a last segment `*name`. */
  readonly tail: readonly Segment[];
  readonly tailExpression: RegExp | null;
  readonly #names: readonly string[];
  /** How many captures come before those of the tail. */
  readonly #headLength: number;
  readonly #endsInWildcard: boolean;
  readonly #tailWildcards: readonly boolean[];
  /** All matches of a static endpoint are the same. */
  readonly #match: RouteMatch<Target> | null;

  constructor(variant: PatternVariant, target: Target, isAny: boolean) {
    const { segments, keys } = variant;
    this.target = target;
    this.isAny = isAny;
    this.segments = segments;
    this.shape = variant.shape;
    this.endsInSlash = variant.endsInSlash;
    const wild = segments.findIndex(({ rank }) => rank >= RANK.mixedWildcard);
    this.#endsInWildcard = wild !== -1 && wild === segments.length - 1 && segments[wild]?.rank === RANK.wildcard;
    this.tail = wild === -1 || this.#endsInWildcard ? [] : segments.slice(wild);
    const tailKeys = this.tail.flatMap(({ tokens }) => tokens.filter((token) => token.type !== 'text'));
    this.tailExpression = this.tail.length === 0 ? null : toExpression(this.tail);
    this.#names = keys.map(({ name }) => name);
    this.#headLength = keys.length - tailKeys.length;
    this.#tailWildcards = tailKeys.map(({ type }) => type === 'wildcard');
    this.#match = keys.length === 0 ? Object.freeze({ target, params: NO_PARAMS }) : null;
  }

  /** Takes the captures of the walk that just ended here. */
  match(path: string): RouteMatch<Target> {
    return this.#match ?? { target: this.target, params: this.#readParams(path) };
  }

  get isStatic(): boolean {
    return this.#match !== null;
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
    if (this.#endsInWildcard) params[names[count] as string] = splitCapture(path.slice(starts[count], ends[count]));
    else if (count < names.length) this.#readTail(params);
    return params;
  }

  #readTail(params: ParamRecord): void {
    for (const [index, isWildcard] of this.#tailWildcards.entries()) {
      const text = captures.tail?.[index + 1] as string;
      params[this.#names[this.#headLength + index] as string] = isWildcard ? splitCapture(text) : decodeCapture(text);
    }
  }
}

/** The segments of a wildcard. A loop takes half the time of `split`. */
function splitCapture(text: string): string[] {
  const segments: string[] = [];
  let start = 0;
  for (let end = text.indexOf('/'); end !== -1; end = text.indexOf('/', start)) {
    segments.push(decodeCapture(text.slice(start, end)));
    start = end + 1;
  }
  segments.push(decodeCapture(text.slice(start)));
  return segments;
}

/** From path-to-regexp, whose expressions are built so that no path makes them backtrack for long. */
function toExpression(tail: readonly Segment[]): RegExp {
  const tokens = tail.flatMap((segment, index) => (index === 0 ? segment.tokens : [{ type: 'text', value: '/' } as const, ...segment.tokens]));
  return pathToRegexp({ tokens }, { sensitive: true, trailing: false }).regexp;
}
