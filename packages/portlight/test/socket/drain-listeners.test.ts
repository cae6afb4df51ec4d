import { expect, test } from 'vitest';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

test('a client that goes on asking while it does not read adds no listeners to its socket', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  try {
    await using open = await openServer((app) => app.get('/', () => 'x'.repeat(4 * 1_048_576)));
    await using client = await RawClient.open(open.port);
    client.socket.pause();
    for (let round = 0; round < 100; round++) {
      client.send(get('/'));
      await new Promise(setImmediate);
    }
    client.socket.resume();
    await client.until(() => client.received.length > 10 * 4 * 1_048_576, 'ten answers');
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', note);
  }
});
