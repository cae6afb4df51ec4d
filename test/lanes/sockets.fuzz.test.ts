import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { Random } from '../faults/random.ts';
import { register, registerWaiting } from './app.ts';
import { exchangeBytes } from './exchange-bytes.ts';
import { mutate } from './mutate.ts';
import { TwoServers } from './two-servers.ts';

const IS_LONG = process.env['PORTLIGHT_LONG'] === '1';
const CASES = IS_LONG ? 50_000 : 2_000;
const FIRST = Number(process.env['PORTLIGHT_FIRST'] ?? 0);
const AT_ONCE = 32;
const MOST_FINDINGS = 20;

/** The apps in question, by how soon they answer. */
interface Apps {
  readonly prompt: TwoServers;
  readonly waiting: TwoServers;
}

async function tryCase({ prompt, waiting }: Apps, seed: number): Promise<string | undefined> {
  const bytes = mutate(new Random(seed));
  // Whether an answer comes before the end of its request is seen to be wrong, or missing, depends on how node:http is
  // given the bytes.
  const both = /chunked|content-length/i.test(bytes) ? waiting : prompt;
  const [fast, http] = await Promise.all([exchangeBytes(both.fast.port, bytes), exchangeBytes(both.http.port, bytes)]);
  both.fast.journal.forget();
  both.http.journal.forget();
  if (http.end !== 'silent' && isDeepStrictEqual(fast, http)) return undefined;
  return `seed ${seed}: ${JSON.stringify(bytes)} fast: ${JSON.stringify(fast)} http: ${JSON.stringify(http)}`;
}

test(`${CASES} mutated requests get the same on both lanes`, { timeout: IS_LONG ? 3_600_000 : 60_000 }, async () => {
  await using prompt = await TwoServers.start((server, journal) => register(server, journal, '/none'));
  await using waiting = await TwoServers.start((server, journal) => registerWaiting(server, journal, '/none'));
  const findings: string[] = [];
  let next = FIRST;
  const work = async (): Promise<void> => {
    while (next < FIRST + CASES && findings.length < MOST_FINDINGS) {
      const finding = await tryCase({ prompt, waiting }, next++);
      if (finding !== undefined) findings.push(finding);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(findings).toEqual([]);
});
