import { createHash } from 'node:crypto';

/** A program that Redis runs in one step. */
export interface Script {
  readonly text: string;
  /** What Redis calls it by, once it has it. */
  readonly sha: string;
}

export function toScript(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
