import { describe, expect, test } from 'vitest';
import { mayBegin } from '../../src/runners/may-begin.ts';

/** After how many bytes a child gets a client that sends one after the other; `undefined`: never. */
function begins(text: string, most = 100): number | undefined {
  const bytes = Buffer.from(text, 'latin1');
  for (let count = 1; count <= bytes.byteLength; count++)
    if (mayBegin(bytes.subarray(0, count), count - 1, most)) return count;
  return undefined;
}

describe('a child begins', () => {
  test.each([
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST /a?b=c HTTP/1.0\nHost: a\n\n',
    '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\n',
  ])('with the last byte of the head: %j', (head) => {
    expect(begins(head)).toBe(head.length);
    expect(mayBegin(Buffer.from(`${head}more`), 0, 100)).toBe(true);
    expect(mayBegin(Buffer.from(head.slice(0, -1)), 0, 100)).toBe(false);
  });

  test.each([
    ['\x16\x03\x01\x02\x00', 1],
    ['\x00', 1],
    ['hello\r\n', 7],
    ['GET /\r\n', 7],
    ['GET / HTTP/1.1 x\r\n', 18],
    ['GET  / HTTP/1.1\r\n', 17],
  ])('with what will never be a head: %j', (text, count) => {
    expect(begins(text)).toBe(count);
    expect(mayBegin(Buffer.from(text, 'latin1'), 0, 100)).toBe(true);
  });

  test('when the head is as long as may be', () => {
    expect(begins(`GET / HTTP/1.1\r\nA: ${'b'.repeat(200)}`, 64)).toBe(64);
    expect(begins('a'.repeat(64), 64)).toBe(64);
  });

  test.each(['G', 'GET / HTTP/1.1', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n', '\r\n', 'G'.repeat(99)])(
    'not with half a head: %j',
    (text) => {
      expect(begins(text)).toBeUndefined();
    },
  );
});
