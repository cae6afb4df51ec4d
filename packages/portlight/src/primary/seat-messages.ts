/** What a child says of seats. A key is that of an address, or `''` for all seats together. */
export type SeatRequest =
  | { readonly type: 'join' }
  /** So many wait for a unit; 0 to ask before somebody does. One question for a key at a time. */
  | { readonly type: 'ask'; readonly key: string; readonly units: number }
  | { readonly type: 'give'; readonly key: string; readonly units: number }
  /** What it had unused, which it has no longer. */
  | { readonly type: 'recalled'; readonly key: string; readonly units: number; readonly round: number };

/** What the primary says of them. */
export type SeatReply =
  /**
   * Of each address a child may fill `share` seats without asking, but for those it is told of; `undefined` where
   * addresses are not counted. `isExact`: it keeps no unit that it does not use.
   */
  | {
      readonly type: 'welcome';
      readonly share?: number | undefined;
      readonly isExact: boolean;
      readonly bare: readonly string[];
    }
  /** More units than before. As an answer it ends the question: less than was asked for is all there is. */
  | { readonly type: 'grant'; readonly key: string; readonly units: number; readonly isAnswer: boolean }
  | { readonly type: 'recall'; readonly key: string; readonly round: number };
