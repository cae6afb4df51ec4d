import { expect, test } from 'vitest';
import { countDelimiters } from '../../src/request/count-delimiters.ts';

const BODY = Buffer.from('--b\r\nx: y\r\n\r\ntext --b in a line\r\n--b\r\n\r\n\r\n--b--\r\n');

async function count(chunks: readonly Uint8Array[]): Promise<number> {
  const seen = { count: 0 };
  const through: Uint8Array[] = [];
  const source = (async function* () {
    yield* chunks;
  })();
  for await (const chunk of countDelimiters(source, 'b', seen)) through.push(chunk);
  expect(Buffer.concat(through)).toEqual(Buffer.concat(chunks));
  return seen.count;
}

test('every delimiter is counted once, wherever the body is cut', async () => {
  for (let at = 0; at <= BODY.length; at++) expect(await count([BODY.subarray(0, at), BODY.subarray(at)])).toBe(3);
});

test('and byte by byte', async () => {
  expect(await count([...BODY].map((byte) => Uint8Array.of(byte)))).toBe(3);
});
