import { describe, expect, test } from 'vitest';
import { EventClient } from '../support/event-client.ts';
import { openServer, portless } from '../support/open-server.ts';

describe('the server as a request sees it', () => {
  test('is the same for all, and nobody changes it', async () => {
    const { server } = portless((app) =>
      app.get('/', (request) => Object.assign(request.server, { publish: () => 'hijacked' })),
    );
    expect((await server.fetch('/')).status).toBe(500);
  });

  test('publishes, lists, asks and logs, by functions that need no object', async () => {
    await using open = await openServer((app) =>
      app
        .connect()
        .events('/feed', (stream) => stream.join('news', { member: 'Ada' }))
        .get('/name', () => 'Portlight')
        .post('/news', async ({ server }) => {
          const { publish, presence, clients, fetch, log, getId, getAddress, isConnected } = server;
          log.warn({ from: 'a handler' }, 'News.');
          return {
            published: await publish('news', 'one'),
            present: (await presence('news')).map(({ member }) => member),
            clients: await clients.count(),
            name: await (await fetch('/name')).text(),
            id: getId(),
            port: getAddress().port,
            isConnected: isConnected(),
          };
        }),
    );
    await using feed = await EventClient.open(open.port, '/feed');
    await fetch(`http://127.0.0.1:${open.port}/connect`);
    const response = await fetch(`http://127.0.0.1:${open.port}/news`, { method: 'POST' });
    expect(await response.json()).toEqual({
      published: { subscribers: 1 },
      present: ['Ada'],
      clients: 1,
      name: 'Portlight',
      id: open.server.getId(),
      port: open.port,
      isConnected: true,
    });
    expect(await feed.data(1)).toEqual(['one']);
    expect(open.log.at('warn')).toEqual([
      expect.objectContaining({ message: 'News.', fields: expect.objectContaining({ from: 'a handler' }) as unknown }),
    ]);
  });
});
