import { describe, expect, test } from 'vitest';
import { openServer } from '../support/open-server.ts';
import { chunks, get, RawClient } from '../support/raw-client.ts';

const HEAD = 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n';

describe('a chunked body that no handler reads', () => {
  test('is taken in when it is short, and the connection kept', async () => {
    await using open = await openServer((app) => app.post('/', () => 'unread').get('/', () => 'next'));
    await using client = await RawClient.open(open.port);
    client.send(HEAD);
    const answer = await client.response();
    expect([answer.body, answer.headers.get('connection')]).toEqual(['unread', 'keep-alive']);
    client.send(`${chunks('hello', 'again')}0\r\n\r\n${get('/')}`);
    expect((await client.responses(2))[1]?.body).toBe('next');
  });

  test('closes the connection when it goes on and on', async () => {
    await using open = await openServer((app) => app.post('/', () => 'unread'));
    await using client = await RawClient.open(open.port);
    client.send(HEAD);
    await client.response();
    for (let index = 0; index < 20; index++) client.send(chunks('x'.repeat(10_000)));
    expect(await client.ended()).toContain('unread');
  });
});

test.each([
  ['fails', () => new ReadableStream({ pull: (controller) => controller.error(new Error('secret')) })],
  [
    'gives no text or bytes',
    function* () {
      yield 5;
    },
  ],
])('a stream that %s before its first byte is a 500 like any other', async (_what, handler: () => unknown) => {
  await using open = await openServer((app) => app.get('/', handler).error(500, () => 'sorry'));
  await using client = await RawClient.open(open.port);
  client.send(get('/'));
  const response = await client.response();
  expect([response.status, response.body]).toEqual([500, 'sorry']);
  expect(open.log.at('error')).toHaveLength(1);
});
