import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function idOf(sent: string | undefined, requestIdHeader?: string | false): Promise<string> {
  const server = new HttpServer('127.0.0.1', 0, { requestIdHeader }).get('/', (request) => request.id);
  return await (await server.fetch('/', sent === undefined ? {} : { headers: { 'x-request-id': sent } })).text();
}

describe('the id of a request', () => {
  test.each(['a', 'a-b_c/d=+~!', 'x'.repeat(128)])('is %j where the field that is named says so', async (id) => {
    expect(await idOf(id, 'X-Request-ID')).toBe(id);
  });

  test.each([undefined, '', 'a b', 'x'.repeat(129), 'ä'])('is a UUID of ours where it says %j', async (id) => {
    expect(await idOf(id, 'x-request-id')).toMatch(UUID);
  });

  test('is a UUID of ours where no field is named', async () => {
    expect(await idOf('mine')).toMatch(UUID);
    expect(await idOf('mine', false)).toMatch(UUID);
  });

  test.each([true, 'a b', '', 7])('is not named by %j', (requestIdHeader) => {
    expect(() => new HttpServer('127.0.0.1', 0, { requestIdHeader: requestIdHeader as never })).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
    );
  });
});
