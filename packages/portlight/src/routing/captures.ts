/**
 * Where the captures of the walk under way stand in its path, by their place in the pattern. One for all tables, since
 * a match is never interrupted; positions rather than texts, since most branches of a walk fail.
 */
export interface Captures {
  readonly starts: number[];
  readonly ends: number[];
  /** What the expression of a tail captured, where the walk ended in one. */
  tail: RegExpExecArray | null;
}

export const captures: Captures = { starts: [], ends: [], tail: null };
