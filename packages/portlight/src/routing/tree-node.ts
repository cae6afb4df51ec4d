import type { Endpoint } from './endpoint.ts';
import type { MixedSegment } from './mixed-segment.ts';

/** A segment of text and params, and what follows it. */
export interface MixedBranch<Target> {
  /** Its shape. */
  readonly segment: string;
  readonly matcher: MixedSegment;
  readonly node: TreeNode<Target>;
}

/** All codes from here on share one place among the children; those then stand in a row. */
const LAST_CODE = 127;
/** V8 copies a slice up to this length, and compares a longer one, which it does not copy, three times slower. */
const MAX_COPIED_SLICE = 12;

/**
 * A place in a pattern. Text leads on to children, which share no first character; where a segment begins, params and
 * wildcards may lead on as well.
 *
 * A walk along text looks at the first character of each node only, and compares the whole text where it has to know:
 * once for a text of many nodes.
 */
export class TreeNode<Target> {
  /** The text that leads here from the root or the last param; it may hold slashes. */
  label: string;
  /** How much of the label leads here from the parent. */
  length: number;
  endpoint: Endpoint<Target> | null = null;
  /** Whether there is anything but text to go on with. */
  hasDynamic = false;
  /** The most specific first, as are the tails. */
  mixed: MixedBranch<Target>[] | null = null;
  param: TreeNode<Target> | null = null;
  /** Endpoints whose tail begins here. */
  tails: Endpoint<Target>[] | null = null;
  /** The endpoint of a last segment `*name`. */
  wildcard: Endpoint<Target> | null = null;
  readonly #firstCode: number;
  /** The next child of the parent that shares its place. */
  #sibling: TreeNode<Target> | null = null;
  #children: (TreeNode<Target> | null)[] = [];
  /** The place of the first of `#children`. */
  #offset = 0;

  constructor(label: string = '', length: number = label.length) {
    this.label = label;
    this.length = length;
    this.#firstCode = label.charCodeAt(label.length - length);
  }

  /** Whether the text before `end` is the label. */
  isLabelBefore(path: string, end: number): boolean {
    const { label } = this;
    const start = end - label.length;
    return label.length <= MAX_COPIED_SLICE ? path.slice(start, end) === label : path.indexOf(label, start) === start;
  }

  /** The child whose text begins with a character. */
  childFor(code: number): TreeNode<Target> | null {
    const place = (code < LAST_CODE ? code : LAST_CODE) - this.#offset;
    if (place < 0 || place >= this.#children.length) return null;
    let child = this.#children[place] as TreeNode<Target> | null;
    while (child !== null && child.#firstCode !== code) child = child.#sibling;
    return child;
  }

  /** The node to which the text leads on from `index`, made where there is none. */
  descend(text: string, index: number = 0): TreeNode<Target> {
    if (index === text.length) return this;
    const child =
      this.childFor(text.charCodeAt(index)) ??
      this.#addChild(new TreeNode(this.label + text.slice(index), text.length - index));
    const start = child.label.length - child.length;
    let shared = 0;
    while (shared < child.length && child.label.charCodeAt(start + shared) === text.charCodeAt(index + shared))
      shared += 1;
    if (shared < child.length) child.#split(shared);
    return child.descend(text, index + shared);
  }

  #addChild(child: TreeNode<Target>): TreeNode<Target> {
    const key = Math.min(child.#firstCode, LAST_CODE);
    if (this.#children.length === 0) this.#offset = key;
    for (; this.#offset > key; this.#offset -= 1) this.#children.unshift(null);
    while (this.#offset + this.#children.length <= key) this.#children.push(null);
    child.#sibling = this.#children[key - this.#offset] ?? null;
    this.#children[key - this.#offset] = child;
    return child;
  }

  /** Keeps the first `length` characters, and moves everything else to a child. */
  #split(length: number): void {
    const rest = new TreeNode<Target>(this.label, this.length - length);
    rest.endpoint = this.endpoint;
    rest.hasDynamic = this.hasDynamic;
    rest.mixed = this.mixed;
    rest.param = this.param;
    rest.tails = this.tails;
    rest.wildcard = this.wildcard;
    rest.#children = this.#children;
    rest.#offset = this.#offset;
    this.label = this.label.slice(0, this.label.length - rest.length);
    this.length = length;
    this.endpoint = null;
    this.hasDynamic = false;
    this.mixed = null;
    this.param = null;
    this.tails = null;
    this.wildcard = null;
    this.#children = [];
    this.#addChild(rest);
  }
}
