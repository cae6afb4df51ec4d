import { expect, test } from 'vitest';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { backplaneWith } from '../support/backplane-with.ts';
import { openServer } from '../support/open-server.ts';
import { EventClient } from '../support/event-client.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

/** A bus that can be cut off. */
class CutBus extends MemoryBus {
  isCut = false;

  #assertReached(): void {
    if (this.isCut) throw new Error('Cut off.');
  }

  override setInterest(...values: Parameters<MemoryBus['setInterest']>): ReturnType<MemoryBus['setInterest']> {
    this.#assertReached();
    return super.setInterest(...values);
  }

  override publish(...values: Parameters<MemoryBus['publish']>): ReturnType<MemoryBus['publish']> {
    this.#assertReached();
    return super.publish(...values);
  }

  override presence(topic: string): ReturnType<MemoryBus['presence']> {
    this.#assertReached();
    return super.presence(topic);
  }

  mend(): void {
    this.isCut = false;
    this.receiver.interrupted();
  }
}

test('handlers that wait for topics answer 503 with Retry-After', async () => {
  const bus = new CutBus();
  await using open = await openServer((app) =>
    app
      .backplane(backplaneWith({ bus }))
      .get('/who', () => app.presence('lobby'))
      .post('/news', () => app.publish('news', { title: 'It rains.' })),
  );
  const ask = async () => [
    await fetch(`http://127.0.0.1:${open.port}/who`),
    await fetch(`http://127.0.0.1:${open.port}/news`, { method: 'POST' }),
  ];
  bus.isCut = true;
  for (const response of await ask())
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  bus.isCut = false;
  for (const response of await ask()) expect(response.status).toBe(200);
});

test.each([
  ['returned', (join: () => unknown) => join()],
  ['waited for', async (join: () => unknown) => void (await join())],
])('a channel whose join is %s stays open, and is joined when they can be reached again', async (_, joinBy) => {
  const bus = new CutBus();
  await using open = await openServer((app) =>
    app
      .backplane(backplaneWith({ bus }))
      .accept('/', { open: (channel) => joinBy(() => channel.join('news')) as Promise<void> })
      .events('/feed', (stream) => joinBy(() => stream.join('news')) as Promise<void>),
  );
  bus.isCut = true;
  await using client = await WebSocketClient.open(open.port, '/');
  await using feed = await EventClient.open(open.port, '/feed');
  bus.mend();
  await expect.poll(async () => (await open.server.publish('news', 'it rains')).subscribers).toBe(2);
  expect((await client.messages(1))[0]).toBe('it rains');
  await expect.poll(() => feed.received.some(({ data }) => data === 'it rains')).toBe(true);
});

test('a channel that joins meanwhile, and waits for nothing, is joined when they can be reached again', async () => {
  const topics = new MemoryTopics();
  const bus = new CutBus(topics);
  await using open = await openServer((app) =>
    app.backplane(backplaneWith({ bus })).accept('/:room', {
      open: (channel) => void channel.join(channel.params.room, { member: 'ada' }),
      gap: (topic, channel) => void channel.send(`gap ${topic}`),
      message: (text) => text,
    }),
  );
  await using other = await openServer((app) => app.backplane(backplaneWith({ bus: new MemoryBus(topics) })));
  bus.isCut = true;
  await using client = await WebSocketClient.open(open.port, '/lobby');
  client.send('echo');
  expect(await client.messages(1)).toEqual(['echo']);
  await other.server.publish('lobby', 'missed');
  bus.mend();
  await other.server.publish('lobby', 'live');
  expect(await client.messages(3)).toEqual(['echo', 'gap lobby', 'live']);
  expect((await other.server.presence('lobby')).map(({ member }) => member)).toEqual(['ada']);
});
