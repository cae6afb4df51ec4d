import type { Client } from 'portlight';
import type { RedisLink } from '../link/redis-link.ts';
import { readClients } from './read-clients.ts';

/** How many clients are asked for at once. */
const PIECE = 1_000;

/**
 * All clients, the longest silent first, read in pieces by plain commands, which hold Redis up less than a script. Not
 * of one moment: who is connected all the while is among them.
 *
 * @param base what the keys of clients begin with
 */
export async function listClients(link: Pick<RedisLink, 'send'>, base: string): Promise<readonly Client[]> {
  const pieces: Promise<readonly Client[]>[] = [];
  let cursor = '0';
  do {
    const page = await link.send(['HSCAN', `${base}:entries`, cursor, 'COUNT', PIECE]);
    const [next, entries] = page as readonly [string, readonly string[]];
    const piece = describe(link, base, entries);
    // The next page is not held up by it.
    piece.catch(() => undefined);
    pieces.push(piece);
    cursor = next;
  } while (cursor !== '0');
  // A client may come in two pages.
  const clients = new Map((await Promise.all(pieces)).flat().map((client) => [client.id, client]));
  return [...clients.values()].sort((a, b) => a.lastSeenAt - b.lastSeenAt);
}

/** @param entries ids and entries, one after the other */
async function describe(
  link: Pick<RedisLink, 'send'>,
  base: string,
  entries: readonly string[],
): Promise<readonly Client[]> {
  if (entries.length === 0) return [];
  const ids = entries.filter((_, index) => index % 2 === 0);
  const seen = (await link.send(['ZMSCORE', `${base}:sight`, ...ids])) as readonly (string | null)[];
  return readClients(ids.flatMap((id, index) => [id, entries[2 * index + 1], seen[index]]));
}
