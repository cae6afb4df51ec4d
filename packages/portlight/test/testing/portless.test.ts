import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HttpResponse } from '../../src/index.ts';
import { openChannel, openEvents, UpgradeRefusedError } from '../../src/testing/index.ts';
import { portless } from '../support/open-server.ts';

describe('a WebSocket without a port', () => {
  test('speaks both ways, in order, and closes from either side', async () => {
    const ended: unknown[] = [];
    const { server } = portless((app) =>
      app.accept('/:room', {
        open: (channel) => void channel.send(channel.params.room),
        message: async (message) => message,
        close: (_channel, code, reason) => void ended.push([code, reason]),
      }),
    );
    const channel = await openChannel(server, '/harbour?x=1');
    channel.send('one');
    channel.send(Buffer.from('two'));
    expect([await channel.next(), await channel.next(), await channel.next()]).toEqual([
      'harbour',
      'one',
      Buffer.from('two'),
    ]);
    channel.close(4_000, 'bye');
    expect(await channel.closed).toEqual({ code: 4_000, reason: 'bye' });
    await expect(channel.next()).rejects.toThrow('closed with 4000: bye');
    expect(ended).toEqual([[4_000, 'bye']]);
  });

  test('tells its end once, after all that the client sent before it', async () => {
    const told: unknown[] = [];
    const { server } = portless((app) =>
      app.accept('/', {
        async message(message) {
          await new Promise(setImmediate);
          told.push(message);
        },
        close: (_channel, code) => void told.push(code),
      }),
    );
    const channel = await openChannel(server, '/');
    for (const message of ['one', 'two', 'three', 'four']) channel.send(message);
    channel.close(4_000);
    for (let round = 0; round < 10; round++) await new Promise(setImmediate);
    expect(told).toEqual(['one', 'two', 'three', 'four', 4_000]);
  });

  test('passes guards, middleware and validation', async () => {
    const { server } = portless((app) =>
      app
        .setRateLimit(3, 60)
        .use((request, next) => (request.header('x-key') === 'yes' ? next() : HttpResponse.problem(401)))
        .accept('/', { message: z.object({ n: z.number() }) }, ({ n }) => n + 1)
        .get('/page', () => 'page'),
    );
    await expect(openChannel(server, '/')).rejects.toMatchObject({
      response: expect.objectContaining({ status: 401 }) as unknown,
    });
    const channel = await openChannel(server, '/', { headers: { 'x-key': 'yes' } });
    channel.send('{"n":1}');
    expect(await channel.next()).toBe('2');
    channel.send('{}');
    expect(await channel.closed).toMatchObject({ code: 1007 });
    await expect(openChannel(server, '/page', { headers: { 'x-key': 'yes' } })).rejects.toBeInstanceOf(
      UpgradeRefusedError,
    );
    await expect(openChannel(server, '/')).rejects.toMatchObject({
      response: expect.objectContaining({ status: 429 }) as unknown,
    });
  });
});

describe('events without a port', () => {
  test('come as a browser gives them', async () => {
    const { server } = portless((app) =>
      app.events('/:topic', async (stream) => {
        stream.send({ data: 'two\nlines', event: 'hello', id: '7' });
        stream.send({ comment: 'nothing' });
        stream.send({ data: { n: 1 } });
        await stream.join(stream.params.topic);
      }),
    );
    const events = await openEvents(server, '/weather');
    expect([await events.next(), await events.next()]).toEqual([
      { event: 'hello', data: 'two\nlines', id: '7' },
      { event: 'message', data: '{"n":1}', id: '7' },
    ]);
    expect(await server.publish('weather', 'rain')).toMatchObject({ subscribers: 1 });
    expect((await events.next()).data).toBe('rain');
    await events.close();
    expect(await server.publish('weather', 'snow')).toMatchObject({ subscribers: 0 });
  });

  test('are refused as a page would be', async () => {
    const { server } = portless((app) => app.get('/page', () => 'page'));
    await expect(openEvents(server, '/page')).rejects.toBeInstanceOf(UpgradeRefusedError);
  });
});

test('one topic reaches both', async () => {
  const { server } = portless((app) =>
    app
      .accept('/chat/:room', {
        open: (channel) => channel.join(channel.params.room),
        message: (message, channel) => void channel.publish(channel.params.room, message),
      })
      .events('/chat/:room', (stream) => stream.join(stream.params.room)),
  );
  const [ada, grace, reader] = [
    await openChannel(server, '/chat/harbour'),
    await openChannel(server, '/chat/harbour'),
    await openEvents(server, '/chat/harbour'),
  ];
  ada.send('hello');
  expect([await grace.next(), (await reader.next()).data]).toEqual(['hello', 'hello']);
  await server.publish('harbour', { n: 1 });
  expect([await ada.next(), await grace.next(), (await reader.next()).data]).toEqual(['{"n":1}', '{"n":1}', '{"n":1}']);
  await reader.close();
});
