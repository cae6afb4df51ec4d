import { expect, test } from 'vitest';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

test('a stream that never has to wait does not keep other clients waiting', async () => {
  await using open = await openServer((app) =>
    app
      .get('/endless', function* () {
        for (;;) yield 'x';
      })
      .get('/', () => 'short'),
  );
  await using greedy = await RawClient.open(open.port);
  greedy.send(get('/endless'));
  await greedy.until(() => greedy.received.length > 10_000, 'the stream');
  await using other = await RawClient.open(open.port);
  other.send(get('/'));
  expect((await other.response()).body).toBe('short');
  greedy.socket.destroy();
});

test('a stream that never has to wait does not keep a stop waiting', async () => {
  await using open = await openServer((app) =>
    app.get('/endless', function* () {
      for (;;) yield 'x'.repeat(1_000);
    }),
  );
  await using greedy = await RawClient.open(open.port);
  greedy.send(get('/endless'));
  await greedy.until(() => greedy.received.length > 10_000, 'the stream');
  expect(await open.server.shutdown({ timeoutMs: 0 })).toMatchObject({ forced: 1 });
});

test.each([
  [
    'a proxy that was revoked',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
  [
    'an error whose stack cannot be read',
    () =>
      Object.assign(new Error('odd'), {
        stack: {
          toString: () => {
            throw new Error('never');
          },
        },
      }),
  ],
  ['undefined', () => undefined],
  ['a frozen error', () => Object.freeze(new Error('frozen'))],
])('a stream that fails with %s midway is cut and reported', async (_what, thrown) => {
  await using open = await openServer((app) =>
    app.get('/', async function* () {
      yield 'begun';
      await Promise.resolve();
      throw thrown() as Error;
    }),
  );
  await using client = await RawClient.open(open.port);
  client.send(get('/'));
  expect(await client.ended()).not.toContain('\r\n0\r\n\r\n');
  expect(open.log.at('error').map(({ message }) => message)).toEqual(['A response could not be sent.']);
});
