/** What a parser made of some bytes, as far as somebody could be misled by it. */
export interface Reading {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly keepsAlive: boolean;
}

export interface Readings {
  readonly requests: readonly Reading[];
  /** Why nothing follows them, if that was said. */
  readonly error: string | undefined;
}
