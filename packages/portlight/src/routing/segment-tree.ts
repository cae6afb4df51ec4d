import { captures } from './captures.ts';
import type { Endpoint } from './endpoint.ts';
import { MixedSegment } from './mixed-segment.ts';
import { compareSegmentLists, compareSegments, RANK, type Segment } from './segment.ts';
import { type MixedBranch, TreeNode } from './tree-node.ts';

const { starts, ends } = captures;

/**
 * The endpoints of one method whose patterns hold params or wildcards, found by going through a path once.
 *
 * Wherever several ways lead on, the most specific one goes first and the walk comes back when it fails; since a place
 * in the tree belongs to one place in the path, no place is visited twice.
 */
export class SegmentTree<Target> {
  readonly #root: TreeNode<Target> = new TreeNode();

  add(endpoint: Endpoint<Target>): void {
    let node = this.#root;
    let text = '';
    const head = endpoint.segments.slice(0, endpoint.segments.length - endpoint.tail.length);
    for (const [index, segment] of head.entries()) {
      if (index > 0) text += '/';
      if (segment.rank === RANK.static) {
        text += segment.shape;
        continue;
      }
      node = node.descend(text);
      text = '';
      node.hasDynamic = true;
      if (segment.rank === RANK.wildcard) {
        node.wildcard = prefer(node.wildcard, endpoint);
        return;
      }
      node = segment.rank === RANK.param ? (node.param ??= new TreeNode()) : descendMixed(node, segment);
    }
    if (endpoint.tail.length > 0) {
      node = node.descend(head.length > 0 ? `${text}/` : '');
      node.hasDynamic = true;
      addTail(node.tails, endpoint);
    } else {
      node = node.descend(text);
      node.endpoint = prefer(node.endpoint, endpoint);
    }
  }

  /** The endpoint for a path, its captures left in {@link captures}. The path has no trailing slash but that of `/`. */
  find(path: string): Endpoint<Target> | null {
    return walk(this.#root, path, 1, 0);
  }
}

/** A route of the method itself goes before one of any method. */
function prefer<Target>(present: Endpoint<Target> | null, endpoint: Endpoint<Target>): Endpoint<Target> {
  return present === null || present.isAny ? endpoint : present;
}

function descendMixed<Target>(node: TreeNode<Target>, segment: Segment): TreeNode<Target> {
  for (const [index, branch] of node.mixed.entries()) {
    const order = compareSegments(segment, branch.segment);
    if (order === 0) return branch.node;
    if (order > 0) continue;
    const next = new TreeNode<Target>();
    node.mixed.splice(index, 0, { segment, matcher: new MixedSegment(segment), node: next });
    return next;
  }
  const next = new TreeNode<Target>();
  node.mixed.push({ segment, matcher: new MixedSegment(segment), node: next });
  return next;
}

function addTail<Target>(tails: Endpoint<Target>[], endpoint: Endpoint<Target>): void {
  for (const [index, other] of tails.entries()) {
    const order = compareSegmentLists(endpoint.tail, other.tail);
    if (order > 0) continue;
    if (order === 0) tails[index] = prefer(other, endpoint);
    else tails.splice(index, 0, endpoint);
    return;
  }
  tails.push(endpoint);
}

function walk<Target>(start: TreeNode<Target>, path: string, from: number, depth: number): Endpoint<Target> | null {
  let node = start;
  let index = from;
  while (!node.hasDynamic) {
    if (index >= path.length) return index === path.length && node.isLabelBefore(path, index) ? node.endpoint : null;
    const child = node.childFor(path.charCodeAt(index));
    if (child === null) return null;
    node = child;
    index += child.length;
  }
  if (index > path.length || !node.isLabelBefore(path, index)) return null;
  return index === path.length ? node.endpoint : branch(node, path, index, depth);
}

function branch<Target>(node: TreeNode<Target>, path: string, index: number, depth: number): Endpoint<Target> | null {
  const child = node.childFor(path.charCodeAt(index));
  if (child !== null) {
    const found = walk(child, path, index + child.length, depth);
    if (found !== null) return found;
  }
  const slash = path.indexOf('/', index);
  const end = slash === -1 ? path.length : slash;
  if (end > index) {
    if (node.mixed.length > 0) {
      const found = walkMixed(node.mixed, path, index, end, depth);
      if (found !== null) return found;
    }
    if (node.param !== null) {
      starts[depth] = index;
      ends[depth] = end;
      const found = walk(node.param, path, end, depth + 1);
      if (found !== null) return found;
    }
  }
  if (node.tails.length > 0) {
    const found = findTail(node.tails, path.slice(index));
    if (found !== null) return found;
  }
  starts[depth] = index;
  ends[depth] = path.length;
  return node.wildcard;
}

function walkMixed<Target>(branches: readonly MixedBranch<Target>[], path: string, index: number, end: number, depth: number): Endpoint<Target> | null {
  for (const { matcher, node } of branches) {
    if (!matcher.match(path, index, end, depth)) continue;
    const found = walk(node, path, end, depth + matcher.size);
    if (found !== null) return found;
  }
  return null;
}

function findTail<Target>(tails: readonly Endpoint<Target>[], text: string): Endpoint<Target> | null {
  for (const endpoint of tails) {
    captures.tail = (endpoint.tailExpression as RegExp).exec(text);
    if (captures.tail !== null) return endpoint;
  }
  return null;
}
