import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { Random } from '../faults/random.ts';
import { FastReader, type Taken } from './fast-reader.ts';
import { mutate } from './mutate.ts';
import { END, NodeReader } from './node-reader.ts';
import type { Reading, Readings } from './readings.ts';

const IS_LONG = process.env['PORTLIGHT_LONG'] === '1';
const CASES = IS_LONG ? 1_000_000 : 20_000;
const FIRST = Number(process.env['PORTLIGHT_FIRST'] ?? 0);
const BATCH = 500;
const MOST_FINDINGS = 20;
/** Of a hundred cases, how many the fast lane takes at least: a parser that refuses everything would pass as well. */
const LEAST_TAKEN = 20;

const LAST: Reading = { method: 'GET', target: END, rawHeaders: ['host', 'end'], body: '', keepsAlive: true };

interface Case extends Taken {
  readonly seed: number;
  readonly bytes: string;
}

/** What was taken with a request behind it, which is read only by who is where that begins; none may follow a close. */
function toReference({ requests, text }: Taken): string {
  return requests.at(-1)?.keepsAlive === true ? `${text}GET ${END} HTTP/1.1\r\nhost: end\r\n\r\n` : text;
}

/** What node:http has to find in that. */
function toExpected({ requests }: Taken): Readings {
  return { requests: requests.at(-1)?.keepsAlive === true ? [...requests, LAST] : requests, error: undefined };
}

test(
  `of ${CASES} mutated requests the fast lane takes none that node:http refuses or reads differently`,
  { timeout: IS_LONG ? 3_600_000 : 60_000 },
  async () => {
    const fast = new FastReader();
    const node = new NodeReader();
    const findings: string[] = [];
    let taken = 0;
    let handedOver = 0;
    for (let first = FIRST; first < FIRST + CASES && findings.length < MOST_FINDINGS; first += BATCH) {
      const cases: Case[] = [];
      for (let seed = first; seed < first + BATCH; seed++) {
        const bytes = mutate(new Random(seed));
        const reading = fast.read(bytes);
        if (reading.requests.length === 0) handedOver += 1;
        else cases.push({ seed, bytes, ...reading });
      }
      taken += cases.length;
      const readings = await node.read(cases.map(toReference));
      for (const [index, each] of cases.entries()) {
        if (isDeepStrictEqual(readings[index], toExpected(each))) continue;
        findings.push(
          `seed ${each.seed}: ${JSON.stringify(each.bytes)} fast: ${JSON.stringify(each.requests)} node:http: ${JSON.stringify(readings[index])}`,
        );
      }
    }
    expect(findings).toEqual([]);
    if (IS_LONG) process.stderr.write(`${taken} taken, ${handedOver} handed over\n`);
    expect(taken).toBeGreaterThan((CASES * LEAST_TAKEN) / 100);
  },
);
