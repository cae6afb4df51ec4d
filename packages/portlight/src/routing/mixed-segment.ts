import { captures } from './captures.ts';
import { PARAM } from './shape.ts';

const { starts, ends } = captures;

/**
 * Matches one segment of text and params as path-to-regexp would: every param but the last ends before the first
 * occurrence of the text behind it, the last one takes what is left. One pass, nothing is tried twice.
 */
export class MixedSegment {
  readonly #lead: string;
  /** The texts behind the params; that of the last one may be empty. */
  readonly #texts: readonly string[];
  /** How many params it captures. */
  readonly size: number;

  constructor(segment: string) {
    const [lead = '', ...texts] = segment.split(PARAM);
    this.#lead = lead;
    this.#texts = texts;
    this.size = texts.length;
  }

  /** Whether the text of `path` from `start` to `end` matches; its captures are then put in place from `depth` on. */
  match(path: string, start: number, end: number, depth: number): boolean {
    if (!path.startsWith(this.#lead, start)) return false;
    const last = this.size - 1;
    let from = start + this.#lead.length;
    for (let index = 0; index < last; index += 1) {
      const text = this.#texts[index] as string;
      const to = path.indexOf(text, from + 1);
      if (to === -1 || to >= end) return false;
      starts[depth + index] = from;
      ends[depth + index] = to;
      from = to + text.length;
    }
    const text = this.#texts[last] as string;
    const to = end - text.length;
    if (to <= from || !path.startsWith(text, to)) return false;
    starts[depth + last] = from;
    ends[depth + last] = to;
    return true;
  }
}
