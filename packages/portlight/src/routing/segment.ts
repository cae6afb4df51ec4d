import type { Key, Text } from 'path-to-regexp';

/** A piece of a pattern without optional groups. */
export type FlatToken = Text | Key;

/** How specific a segment is: of two routes that match a path, the one with the smaller rank in the first segment that differs wins. */
export const RANK = { static: 0, mixed: 1, param: 2, mixedWildcard: 3, wildcard: 4 } as const;

/** What stands between two slashes of a pattern. */
export interface Segment {
  readonly rank: number;
  readonly tokens: readonly FlatToken[];
  /** Without the names: equal for segments that match the same texts. */
  readonly shape: string;
  /** All its text, in UTF-16 code units. */
  readonly textLength: number;
  /** The text in front of the first param. */
  readonly lead: string;
}

export function toSegment(tokens: readonly FlatToken[]): Segment {
  const text = tokens.map((token) => (token.type === 'text' ? token.value : '')).join('');
  const first = tokens[0];
  return {
    rank: toRank(tokens),
    tokens,
    shape: tokens.map(toShape).join(''),
    textLength: text.length,
    lead: first?.type === 'text' ? first.value : '',
  };
}

/**
 * Negative when `a` is more specific. Total over shapes, so that no order depends on which route came first: text
 * with params goes by the length of its text, then of the text in front, then by code units.
 */
export function compareSegments(a: Segment, b: Segment): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.textLength !== b.textLength) return b.textLength - a.textLength;
  if (a.lead.length !== b.lead.length) return b.lead.length - a.lead.length;
  return a.shape === b.shape ? 0 : a.shape < b.shape ? -1 : 1;
}

/** Segment by segment; of two where one continues the other, the longer one is more specific. */
export function compareSegmentLists(a: readonly Segment[], b: readonly Segment[]): number {
  for (const [index, segment] of a.entries()) {
    const other = b[index];
    if (other === undefined) return -1;
    const order = compareSegments(segment, other);
    if (order !== 0) return order;
  }
  return b.length - a.length;
}

function toRank(tokens: readonly FlatToken[]): number {
  const isMixed = tokens.length > 1;
  if (tokens.some((token) => token.type === 'wildcard')) return isMixed ? RANK.mixedWildcard : RANK.wildcard;
  if (tokens.some((token) => token.type === 'param')) return isMixed ? RANK.mixed : RANK.param;
  return RANK.static;
}

/** NUL is in no path, so no text can look like a param. */
function toShape(token: FlatToken): string {
  return token.type === 'text' ? token.value : token.type === 'param' ? '\0:' : '\0*';
}
