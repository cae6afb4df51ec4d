import type { RedisLink } from '../../src/link/redis-link.ts';

/** Resolves when all that was said by these machines has arrived at each, and what it led to. */
export async function settled(links: readonly RedisLink[]): Promise<void> {
  for (let rounds = 0; rounds < 3; rounds++) {
    await Promise.all(links.map(async (link) => link.send(['PING'])));
    await Promise.all(links.map(arrived));
    for (let turns = 0; turns < 4; turns++) await new Promise(setImmediate);
  }
}

/** What is published to the machine now comes behind all that was published before. */
function arrived(link: RedisLink): Promise<void> {
  return new Promise((resolve, reject) => {
    link.on('settled', () => resolve());
    link.send(['PUBLISH', link.key('to', link.machine), 'settled\n']).catch(reject);
  });
}
