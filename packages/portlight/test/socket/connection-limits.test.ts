import { describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { type OpenServer, openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

/** Opens connections of which each is answered once, so that the server has them. */
async function openAnswered(open: OpenServer, count: number): Promise<readonly RawClient[]> {
  const clients: RawClient[] = [];
  for (let each = 0; each < count; each++) {
    const client = await RawClient.open(open.port);
    await client.send(get('/')).response();
    clients.push(client);
  }
  return clients;
}

/** Whether one more connection is served. */
async function isServed(port: number, host?: string): Promise<boolean> {
  await using client = await RawClient.open(port, host);
  client.send(get('/'));
  await client.until(
    () => client.isClosed || client.hasEnded || client.received.includes('200 OK'),
    'an answer or the close',
  );
  return client.received.includes('200 OK');
}

describe.each(['maxConnections', 'maxConnectionsPerIp'])('%s', (option) => {
  test('closes one connection more, serves the others, and takes new ones when one is gone', async () => {
    await using open = await openServer((app) => app.get('/', () => 'x'), { [option]: 3 });
    const clients = await openAnswered(open, 3);
    expect([await isServed(open.port), await isServed(open.port)]).toEqual([false, false]);
    await Promise.all(clients.map(async (client) => await client.send(get('/')).responses(2)));
    expect(clients.map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
    await clients[0]?.[Symbol.asyncDispose]();
    await expect.poll(() => isServed(open.port)).toBe(true);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  });

  test('counts down again when clients reset, a hundred times', async () => {
    await using open = await openServer((app) => app.get('/', () => 'x'), { [option]: 2 });
    for (let round = 0; round < 100; round++) {
      const client = await RawClient.open(open.port);
      client.reset();
    }
    await expect.poll(() => isServed(open.port)).toBe(true);
  });

  test('holds again after a new start', async () => {
    await using open = await openServer((app) => app.get('/', () => 'x'), { [option]: 1 });
    const [client] = await openAnswered(open, 1);
    await open.server.shutdown({ timeoutMs: 0 });
    await open.server.start();
    expect(await isServed(open.server.getAddress().port)).toBe(true);
    await client?.[Symbol.asyncDispose]();
  });

  test('says in the log whom it closed', async () => {
    await using open = await openServer((app) => app.get('/', () => 'x'), { [option]: 1 });
    const [client] = await openAnswered(open, 1);
    expect(await isServed(open.port)).toBe(false);
    expect(
      open.log.lines.filter(({ message }) => message.includes('over the limit')).map(({ fields }) => fields['address']),
    ).toEqual(['127.0.0.1']);
    await client?.[Symbol.asyncDispose]();
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', null])('of %s is refused', (value) => {
    expect(() => new HttpServer('127.0.0.1', 0, { [option]: value })).toThrow(
      expect.objectContaining({ name: 'ConfigError' }),
    );
  });
});

test('maxConnectionsPerIp counts each address by itself, IPv4 and its mapped form as one', async () => {
  const server = new HttpServer('::', 0, { maxConnectionsPerIp: 1 }).get('/', (request) => request.ip);
  await server.start();
  try {
    const { port } = server.getAddress();
    await using first = await RawClient.open(port, '127.0.0.1');
    expect((await first.send(get('/')).response()).body).toBe('127.0.0.1');
    expect([
      await isServed(port, '127.0.0.1'),
      await isServed(port, '::ffff:127.0.0.1'),
      await isServed(port, '::1'),
    ]).toEqual([false, false, true]);
  } finally {
    await server.shutdown({ timeoutMs: 0 });
  }
});
