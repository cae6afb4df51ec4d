import type { Script } from '../play.ts';

/** Cases made of a list, by their names. */
export function table<Item>(
  items: readonly Item[],
  toCase: (item: Item) => readonly [string, Script],
): Readonly<Record<string, Script>> {
  return Object.fromEntries(items.map(toCase));
}
