/**
 * The shape of a pattern is its text with a mark for every param and wildcard, without their names: two routes with
 * one shape match the same paths. NUL is in no path, so no text can look like a mark. A param sorts before a wildcard.
 */
export const PARAM = '\0p';
export const WILDCARD = '\0w';

const MARK = /\0[pw]/g;

/**
 * Of two routes that match a path, the one with the smaller rank in the first segment that differs is more specific.
 */
export const RANK = { static: 0, mixed: 1, param: 2, mixedWildcard: 3, wildcard: 4 } as const;

/** The rank of what stands between two slashes of a shape. */
export function rankOf(segment: string): number {
  if (segment.includes(WILDCARD)) return segment === WILDCARD ? RANK.wildcard : RANK.mixedWildcard;
  if (segment.includes(PARAM)) return segment === PARAM ? RANK.param : RANK.mixed;
  return RANK.static;
}

/**
 * Negative when `a` is more specific. Only equal segments are level, so that no order depends on which route came
 * first: text with params goes by the length of all its text, then of the text in front, then by code units.
 */
export function compareSegments(a: string, b: string): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  const length = b.replace(MARK, '').length - a.replace(MARK, '').length;
  if (length !== 0) return length;
  const lead = b.search(MARK) - a.search(MARK);
  if (lead !== 0) return lead;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Segment by segment; of two where one continues the other, the longer one is more specific. */
export function compareShapes(a: string, b: string): number {
  const others = b.split('/');
  for (const segment of a.split('/')) {
    const other = others.shift();
    if (other === undefined) return -1;
    const order = compareSegments(segment, other);
    if (order !== 0) return order;
  }
  return others.length;
}
