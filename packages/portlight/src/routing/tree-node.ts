import type { Endpoint } from './endpoint.ts';
import type { MixedSegment } from './mixed-segment.ts';
import type { Segment } from './segment.ts';

/** A segment of text and params, and what follows it. */
export interface MixedBranch<Target> {
  readonly segment: Segment;
  readonly matcher: MixedSegment;
  readonly node: TreeNode<Target>;
}

/** All codes from here on share one place among the children; those then stand in a row. */
const LAST_CODE = 127;

/**
 * A place in a pattern. Text leads on to `children`, which share no first character; where a segment begins, params
 * and wildcards may lead on as well.
 */
export class TreeNode<Target> {
  /** The text that leads here from the parent; it may hold slashes. */
  text: string;
  endpoint: Endpoint<Target> | null = null;
  /** Whether there is anything but text to go on with. */
  hasDynamic = false;
  mixed: MixedBranch<Target>[] = [];
  param: TreeNode<Target> | null = null;
  /** Endpoints whose tail begins here, and a last one for the wildcard; the most specific first. */
  tails: Endpoint<Target>[] = [];
  wildcard: Endpoint<Target> | null = null;
  /** The next one with the same place among the children of the parent. */
  sibling: TreeNode<Target> | null = null;
  #children: (TreeNode<Target> | null)[] = [];
  /** The character code of the first place of `#children`. */
  #firstCode = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The child whose text stands in the path at `index`. */
  childAt(path: string, index: number): TreeNode<Target> | null {
    const code = path.charCodeAt(index);
    const place = (code < LAST_CODE ? code : LAST_CODE) - this.#firstCode;
    if (place < 0 || place >= this.#children.length) return null;
    let child = this.#children[place] as TreeNode<Target> | null;
    while (child !== null && !child.#standsAt(path, index)) child = child.sibling;
    return child;
  }

  /** The node that `text` leads to from here, made where there is none. */
  descend(text: string): TreeNode<Target> {
    if (text === '') return this;
    const child = this.#childFor(text);
    let shared = 0;
    while (shared < child.text.length && child.text.charCodeAt(shared) === text.charCodeAt(shared)) shared += 1;
    if (shared < child.text.length) child.#split(shared);
    return child.descend(text.slice(shared));
  }

  #standsAt(path: string, start: number): boolean {
    const { text } = this;
    if (start + text.length > path.length) return false;
    for (let index = 0; index < text.length; index += 1) {
      if (text.charCodeAt(index) !== path.charCodeAt(start + index)) return false;
    }
    return true;
  }

  /** The child that begins with the same character. */
  #childFor(text: string): TreeNode<Target> {
    const code = text.charCodeAt(0);
    const key = Math.min(code, LAST_CODE);
    this.#makePlace(key);
    const place = key - this.#firstCode;
    const first = this.#children[place] ?? null;
    for (let child = first; child !== null; child = child.sibling) {
      if (child.text.charCodeAt(0) === code) return child;
    }
    const child = new TreeNode<Target>(text);
    child.sibling = first;
    this.#children[place] = child;
    return child;
  }

  #makePlace(key: number): void {
    if (this.#children.length === 0) this.#firstCode = key;
    while (key < this.#firstCode) {
      this.#children.unshift(null);
      this.#firstCode -= 1;
    }
    while (key >= this.#firstCode + this.#children.length) this.#children.push(null);
  }

  /** Keeps the first `length` characters, and moves everything else to a child of the rest. */
  #split(length: number): void {
    const rest = new TreeNode<Target>(this.text.slice(length));
    rest.endpoint = this.endpoint;
    rest.hasDynamic = this.hasDynamic;
    rest.mixed = this.mixed;
    rest.param = this.param;
    rest.tails = this.tails;
    rest.wildcard = this.wildcard;
    rest.#children = this.#children;
    rest.#firstCode = this.#firstCode;
    this.text = this.text.slice(0, length);
    this.endpoint = null;
    this.hasDynamic = false;
    this.mixed = [];
    this.param = null;
    this.tails = [];
    this.wildcard = null;
    this.#children = [];
    this.#firstCode = Math.min(rest.text.charCodeAt(0), LAST_CODE);
    this.#children.push(rest);
  }
}
