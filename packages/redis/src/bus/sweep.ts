import type { RedisLink } from '../link/redis-link.ts';
import { STATE } from './state-script.ts';

/** Changes as scripts give them: their numbers, each with what has changed. */
export type WrittenChanges = readonly string[];

interface Sweeping {
  readonly owner: string;
  /** Who is told of what changes; `''` is nobody. */
  readonly teller: string;
  /** What was said with it stays; `''` is nothing. */
  readonly mark: string;
  /** So does what was said with this one. */
  readonly otherMark?: string;
}

/** Takes from a process what it has no longer, a part at a time: others are served in between. */
export async function sweep(
  link: RedisLink,
  { owner, teller, mark, otherMark = mark }: Sweeping,
  tell: (changes: WrittenChanges) => void,
): Promise<void> {
  let cursor = '0';
  for (;;) {
    const answer = await link.run(STATE, [link.key('shared')], ['sweep', owner, teller, mark, cursor, otherMark]);
    const [next, changes, left] = answer as readonly [string, WrittenChanges, number];
    tell(changes);
    cursor = next;
    // A scan may miss what moves while it goes on.
    if (cursor === '0' && (mark !== '' || left === 0)) return;
  }
}
