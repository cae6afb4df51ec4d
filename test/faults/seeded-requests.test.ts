import { describe, expect, test } from 'vitest';
import { LANES } from '../conformance/lanes.ts';
import { makeDamagedBytes } from './damage.ts';
import { judgeResponses } from './judge-responses.ts';
import { Random } from './random.ts';
import { type Manner, sendCase } from './send-case.ts';
import { ServerProcess } from './server-process.ts';

const IS_LONG = process.env['PORTLIGHT_LONG'] === '1';
const CASES = IS_LONG ? 1_000_000 : 3_000;
const FIRST = Number(process.env['PORTLIGHT_FIRST'] ?? 0);
const ROUND = IS_LONG ? 10_000 : 1_000;
const AT_ONCE = 32;
const MOST_FINDINGS = 20;
const HEAP_MAY_GROW_BYTES = 4_000_000;

/** The same for the same number, on every machine. */
function makeCase(seed: number): { readonly bytes: string; readonly manner: Manner } {
  const random = new Random(seed);
  const manner = random.chance(75) ? 'at once' : random.chance(80) ? 'in pieces' : 'reset';
  return { bytes: makeDamagedBytes(random), manner };
}

/** What is wrong with how the server took one case, or `undefined`. */
async function tryCase(port: number, seed: number): Promise<string | undefined> {
  const { bytes, manner } = makeCase(seed);
  try {
    const received = await sendCase(port, bytes, manner);
    const problem = manner === 'reset' ? undefined : judgeResponses(bytes, received);
    return (
      problem && `seed ${seed}, ${manner}: ${problem} Sent: ${JSON.stringify(bytes)} Came: ${JSON.stringify(received)}`
    );
  } catch (error) {
    return `seed ${seed}, ${manner}: ${(error as Error).message} Sent: ${JSON.stringify(bytes)}`;
  }
}

async function tryRound(port: number, first: number): Promise<readonly string[]> {
  const findings: string[] = [];
  let next = first;
  const work = async (): Promise<void> => {
    while (next < first + ROUND && findings.length < MOST_FINDINGS) {
      const finding = await tryCase(port, next++);
      if (finding !== undefined) findings.push(finding);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return findings;
}

describe.each(LANES)('bad requests on the lane $name', (lane) => {
  test(`${CASES} of them harm nobody`, { timeout: IS_LONG ? 3_600_000 : 60_000 }, async () => {
    await using server = await ServerProcess.start(lane);
    let firstHeapBytes: number | undefined;
    for (let first = FIRST; first < FIRST + CASES; first += ROUND) {
      expect(await tryRound(server.port, first)).toEqual([]);
      const { problems, heapBytes } = await server.report();
      expect(problems).toEqual([]);
      firstHeapBytes ??= heapBytes;
      expect(heapBytes - firstHeapBytes).toBeLessThan(HEAP_MAY_GROW_BYTES);
      expect(await sendCase(server.port, 'GET / HTTP/1.1\r\nhost: a\r\n\r\n', 'at once')).toMatch(
        /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nHello$/,
      );
      if (IS_LONG) process.stderr.write(`${first + ROUND} cases, heap ${heapBytes}\n`);
    }
  });
});
