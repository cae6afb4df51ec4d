import { captures } from './captures.ts';
import type { Endpoint } from './endpoint.ts';
import { MixedSegment } from './mixed-segment.ts';
import { compareSegments, compareShapes, RANK, rankOf } from './shape.ts';
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
    const { shape, tail } = endpoint;
    let node = this.#root;
    let start = 1;
    const end = tail === null ? shape.length : shape.length - tail.shape.length;
    for (let from = 1; from < end;) {
      const slash = shape.indexOf('/', from);
      const to = slash === -1 ? end : slash;
      const segment = shape.slice(from, to);
      const rank = rankOf(segment);
      if (rank !== RANK.static) {
        node = node.descend(shape.slice(start, from));
        node.hasDynamic = true;
        if (rank === RANK.wildcard) {
          node.wildcard = prefer(node.wildcard, endpoint);
          return;
        }
        node = rank === RANK.param ? (node.param ??= new TreeNode()) : descendMixed(node, segment);
        start = to;
      }
      from = to + 1;
    }
    node = node.descend(shape.slice(start, end));
    if (tail === null) {
      node.endpoint = prefer(node.endpoint, endpoint);
    } else {
      node.hasDynamic = true;
      addTail((node.tails ??= []), endpoint, tail.shape);
    }
  }

  /** The endpoint for a path, its captures left in {@link captures}. The path has no trailing slash but that of `/`. */
  find(path: string): Endpoint<Target> | null {
    return walk(this.#root, path, 1, 0);
  }
}

/**
 * A pattern that says its slash goes before one whose wildcard leaves it out, and a route of the method itself before
 * one of any method.
 */
function prefer<Target>(present: Endpoint<Target> | null, endpoint: Endpoint<Target>): Endpoint<Target> {
  if (present === null) return endpoint;
  if (present.endsInSlash !== endpoint.endsInSlash) return present.endsInSlash ? present : endpoint;
  return present.isAny ? endpoint : present;
}

function descendMixed<Target>(node: TreeNode<Target>, segment: string): TreeNode<Target> {
  const branches = (node.mixed ??= []);
  const place = branches.findIndex((branch) => compareSegments(segment, branch.segment) <= 0);
  const present = branches[place];
  if (present?.segment === segment) return present.node;
  const next = new TreeNode<Target>();
  branches.splice(place === -1 ? branches.length : place, 0, {
    segment,
    matcher: new MixedSegment(segment),
    node: next,
  });
  return next;
}

function addTail<Target>(tails: Endpoint<Target>[], endpoint: Endpoint<Target>, shape: string): void {
  const place = tails.findIndex(({ tail }) => compareShapes(shape, tail?.shape ?? '') <= 0);
  const present = tails[place];
  if (present === undefined) tails.push(endpoint);
  else if (present.tail?.shape === shape) tails[place] = prefer(present, endpoint);
  else tails.splice(place, 0, endpoint);
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
    if (node.mixed !== null) {
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
  if (node.tails !== null) {
    const found = findTail(node.tails, path.slice(index));
    if (found !== null) return found;
  }
  starts[depth] = index;
  ends[depth] = path.length;
  return node.wildcard;
}

function walkMixed<Target>(
  branches: readonly MixedBranch<Target>[],
  path: string,
  index: number,
  end: number,
  depth: number,
): Endpoint<Target> | null {
  for (const { matcher, node } of branches) {
    if (!matcher.match(path, index, end, depth)) continue;
    const found = walk(node, path, end, depth + matcher.size);
    if (found !== null) return found;
  }
  return null;
}

function findTail<Target>(tails: readonly Endpoint<Target>[], text: string): Endpoint<Target> | null {
  for (const endpoint of tails) {
    captures.tail = endpoint.tail?.exec(text) ?? null;
    if (captures.tail !== null) return endpoint;
  }
  return null;
}
