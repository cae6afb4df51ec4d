import { expect } from 'vitest';
import { signedFields } from '../../../packages/portlight/test/support/signed-fields.ts';
import { WebSocketClient } from '../../../packages/portlight/test/support/web-socket-client.ts';
import type { Promised, Served } from './promised.ts';
import type { Answer } from './connection.ts';

function publish(app: Served, topic: string, data: unknown, how: object = {}): Promise<Answer> {
  return app.ask(`/publish/${topic}`, { body: JSON.stringify({ data, ...how }) });
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

export const CHANNELS: Promised = {
  async 'a WebSocket echoes text and bytes'(app) {
    await using client = await WebSocketClient.open(app.port, '/echo');
    client.send('Ahøy', Buffer.from([0, 255]));
    expect(await client.messages(2)).toEqual(['Ahøy', Buffer.from([0, 255])]);
  },

  async 'a message that its schema refuses ends with 1007, and a handler that throws with 1011'(app) {
    await using points = await WebSocketClient.open(app.port, '/points');
    points.send('{"x":1,"y":2}', '{"x":"one"}');
    expect(await points.messages(1)).toEqual(['{"x":1}']);
    expect((await points.end()).code).toBe(1007);
    await using failing = await WebSocketClient.open(app.port, '/fails');
    expect((await failing.send('x').end()).code).toBe(1011);
  },

  async 'a WebSocket is refused by the app, for a foreign page, and to who does not ask for one'(app) {
    expect(await WebSocketClient.refused(app.port, '/shut')).toMatchObject({ status: 401 });
    expect(await WebSocketClient.refused(app.port, '/echo', { origin: 'https://other.example' })).toMatchObject({
      status: 403,
    });
    expect((await app.ask('/echo')).status).toBe(426);
    expect((await app.ask('/feed/x')).status).toBe(406);
  },

  async 'a chat goes across connections: everybody hears, but who speaks'(app) {
    await using sockets = await app.sockets();
    await Promise.all(sockets.map((socket) => socket.order('join', 'chat')));
    for (const [index, socket] of sockets.entries()) await socket.order('tell', 'chat', `from ${index}`);
    for (const [index, socket] of sockets.entries()) {
      const others = numbers(sockets.length).filter((other) => other !== index);
      expect(await socket.messages(others.length)).toEqual(others.map((other) => `from ${other}`));
    }
  },

  async 'who leaves a topic hears no more of it'(app) {
    await using sockets = await app.sockets();
    const [stays, leaves, speaks] = sockets;
    await Promise.all([stays.order('join', 'exit'), leaves.order('join', 'exit')]);
    await speaks.order('publish', 'exit', 'before');
    await leaves.messages(1);
    await leaves.order('leave', 'exit');
    expect(await speaks.order('publish', 'exit', 'after')).toMatchObject({ subscribers: 1 });
    expect(await stays.messages(2)).toEqual(['before', 'after']);
    await leaves.order('join', 'exit');
    await speaks.order('publish', 'exit', 'again');
    expect(await leaves.messages(2)).toEqual(['before', 'again']);
  },

  async 'what a request publishes reaches WebSockets and event streams, and says how many'(app) {
    await using sockets = await app.sockets();
    await using feed = await app.feed('/feed/news', {}, sockets[0].process);
    await Promise.all(sockets.map((socket) => socket.order('join', 'news')));
    expect((await publish(app, 'news', { title: 'It rains.' }, { event: 'headline' })).json).toEqual({
      subscribers: sockets.length + 1,
    });
    for (const socket of sockets) expect(await socket.messages(1)).toEqual(['{"title":"It rains."}']);
    expect(await feed.events(1)).toEqual([{ event: 'headline', data: '{"title":"It rains."}', id: undefined }]);
  },

  async 'all see the messages of a topic in one order, and those of one sender in its own'(app) {
    const each = 40;
    await using sockets = await app.sockets();
    await using feed = await app.feed('/feed/order', {}, sockets[0].process);
    await Promise.all(sockets.map((socket) => socket.order('join', 'order')));
    await Promise.all(
      sockets.flatMap((socket, sender) => numbers(each).map((n) => socket.order('publish', 'order', `${sender} ${n}`))),
    );
    const order = await feed.data(sockets.length * each);
    for (const socket of sockets) expect(await socket.messages(order.length)).toEqual(order);
    for (const sender of sockets.keys())
      expect(order.filter((text) => text.startsWith(`${sender} `))).toEqual(numbers(each).map((n) => `${sender} ${n}`));
  },

  async '`except` leaves one channel out, and `user` reaches one member alone'(app) {
    await using sockets = await app.sockets();
    const [ada, grace] = sockets;
    await Promise.all(sockets.map((socket, index) => socket.order('join', 'picky', { member: `member ${index}` })));
    await publish(app, 'picky', 'not for Ada', { except: await ada.order('id') });
    expect((await publish(app, 'picky', 'for Grace', { user: 'member 1' })).json).toMatchObject({ subscribers: 1 });
    await publish(app, 'picky', 'for all');
    expect(await ada.messages(1)).toEqual(['for all']);
    expect(await grace.messages(3)).toEqual(['not for Ada', 'for Grace', 'for all']);
  },

  async 'presence is one list, and tells once who joined and who left'(app) {
    const topic = 'room:presence';
    const list = async (): Promise<unknown> => (await app.ask(`/presence/${topic}`)).json;
    await using sockets = await app.sockets();
    const [first, second, third] = sockets;
    await first.order('join', topic, { member: 'Ada' });
    await second.order('join', topic, { member: 'Ada', info: { from: 'London' } });
    await third.order('join', topic, { member: 'Grace' });
    expect(await list()).toMatchObject([
      { member: 'Ada', info: { from: 'London' }, channels: 2 },
      { member: 'Grace', channels: 1 },
    ]);
    await first.order('leave', topic);
    await second[Symbol.asyncDispose]();
    await app.said(`presence left Ada ${topic}`);
    await third.order('leave', topic);
    await app.said(`presence left Grace ${topic}`);
    expect(await list()).toEqual([]);
    const told = ['joined Ada', 'joined Grace', 'left Ada', 'left Grace'].map((what) => `presence ${what} ${topic}`);
    expect([...(await app.linesByNow(topic))].sort()).toEqual(told);
  },

  async 'an event stream that comes back elsewhere gets what it missed, then what is live'(app) {
    const topic = 'kept:feed';
    const feed = await app.feed(`/feed/${topic}`);
    await publish(app, topic, 'one');
    await publish(app, topic, 'two');
    const id = (await feed.events(2))[1]?.id ?? '';
    await feed[Symbol.asyncDispose]();
    await publish(app, topic, 'three');
    await publish(app, topic, 'four');
    await using back = await app.feed(`/feed/${topic}`, { 'last-event-id': id }, Number(feed.headers['x-process']));
    expect(await back.data(2)).toEqual(['three', 'four']);
    await publish(app, topic, 'five');
    expect((await back.data(3))[2]).toBe('five');
    await using lost = await app.feed(`/feed/${topic}`, { 'last-event-id': 'another-1' });
    expect((await lost.events(2)).map(({ event, data }) => [event, data])).toEqual([
      ['portlight.gap', JSON.stringify({ topic, since: 'another-1' })],
      ['message', 'one'],
    ]);
  },

  async 'a bridge publishes once for an id, and takes a signature once, whichever process is asked'(app) {
    const topic = 'kept:bridged';
    const secret = 'the secret of the bridge of promises';
    await using feed = await app.feed(`/feed/${topic}`);
    await using connections = await app.connections();
    const body = JSON.stringify({ topic, data: 'one', id: 'outbox-1' });
    const askAll = (headers: Record<string, string>): Promise<readonly Answer[]> =>
      Promise.all(connections.map((connection) => connection.ask('/_publish', { body, headers })));
    const statuses = (await askAll(signedFields('/_publish', secret, body))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 401)).toHaveLength(connections.length - 1);
    for (const { status, json } of await askAll({ authorization: `Bearer ${secret}` }))
      expect([status, json]).toEqual([200, { id: 'outbox-1', subscribers: 1 }]);
    await publish(app, topic, 'two');
    expect(await feed.data(2)).toEqual(['one', 'two']);
  },

  async 'a WebSocket takes a topic up at a position, or at its beginning'(app) {
    const topic = 'kept:positions';
    await using sockets = await app.sockets();
    const [writes, resumes, begins] = sockets;
    const { id } = (await writes.order('publish', topic, 'one')) as { id: string };
    await writes.order('publish', topic, 'two');
    await resumes.order('join', topic, { since: id });
    await begins.order('join', topic, { since: 'earliest' });
    await writes.order('publish', topic, 'three');
    expect(await resumes.messages(2)).toEqual(['two', 'three']);
    expect(await begins.messages(3)).toEqual(['one', 'two', 'three']);
  },

  async 'a member that was away gets what came meanwhile, on whatever connection'(app) {
    const topic = 'kept:away';
    await using sockets = await app.sockets();
    const [before, after, writes] = sockets;
    await before.order('join', topic, { member: 'Ada' });
    await writes.order('publish', topic, 'heard');
    await before.order('leave', topic);
    await writes.order('publish', topic, 'missed');
    await after.order('join', topic, { member: 'Ada', since: 'left' });
    await writes.order('publish', topic, 'live');
    expect(await before.messages(1)).toEqual(['heard']);
    expect(await after.messages(2)).toEqual(['missed', 'live']);
  },

  async 'what is published twice under one id is sent once, and answered alike'(app) {
    await using connections = await app.connections();
    await using sockets = await app.sockets();
    await Promise.all(sockets.map((socket) => socket.order('join', 'once')));
    const body = JSON.stringify({ data: 'ordered', id: 'order-7' });
    const answers = await Promise.all(connections.map((connection) => connection.ask('/publish/once', { body })));
    for (const { json } of answers) expect(json).toEqual({ id: 'order-7', subscribers: sockets.length });
    await publish(app, 'once', 'after');
    for (const socket of sockets) expect(await socket.messages(2)).toEqual(['ordered', 'after']);
  },
};
