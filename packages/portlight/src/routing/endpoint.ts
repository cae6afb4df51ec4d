import { decodeCapture } from '../request/target.ts';
import { captures } from './captures.ts';
import { NO_PARAMS, ParamRecord } from './param-record.ts';
import type { PatternVariant } from './pattern.ts';
import type { RouteMatch } from './route-match.ts';
import { WILDCARD } from './shape.ts';
import { Tail } from './tail.ts';

const { starts, ends } = captures;

/** Where a variant of a pattern leads. */
export class Endpoint<Target> {
  readonly target: Target;
  /** Whether the route takes any method: one with the method's own name then goes first. */
  readonly isAny: boolean;
  readonly shape: string;
  readonly endsInSlash: boolean;
  /** Where the tree ends and an expression takes over. */
  readonly tail: Tail | null;
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
    const wildcard = names.length === 0 ? -1 : shape.indexOf(WILDCARD);
    const start = shape.lastIndexOf('/', wildcard) + 1;
    this.#endsInWildcard = wildcard === start && shape.length === start + WILDCARD.length;
    this.tail = wildcard === -1 || this.#endsInWildcard ? null : new Tail(shape.slice(start));
    this.#headLength = names.length - (this.tail?.wildcards.length ?? 0);
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
    if (this.#endsInWildcard)
      params[names[count] as string] = splitCapture(path.slice(starts[count], ends[count]), isEscaped);
    else if (this.tail !== null) this.#readTail(this.tail, params);
    return params;
  }

  #readTail(tail: Tail, params: ParamRecord): void {
    for (const [index, isWildcard] of tail.wildcards.entries()) {
      const text = captures.tail?.[index + 1] as string;
      params[this.#names[this.#headLength + index] as string] = isWildcard
        ? splitCapture(text, true)
        : decodeCapture(text);
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
