import { expect, test } from 'vitest';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

test('a head that was answered 408 by a stop reaches no handler when its rest comes', async () => {
  let calls = 0;
  await using open = await openServer((app) => app.get('/', () => 'x').post('/', () => ++calls));
  await using client = await RawClient.open(open.port);
  client.send('POST / HTTP/1.1\r\nho');
  await using other = await RawClient.open(open.port);
  await other.send(get('/')).response();
  const stopping = open.server.shutdown();
  await client.ended();
  client.send('st: a\r\ncontent-length: 0\r\n\r\n');
  await new Promise(setImmediate);
  client.sendFin();
  await client.until(() => client.isClosed, 'the close');
  expect(client.received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 408']);
  expect(calls).toBe(0);
  await stopping;
});
