import { expect, test } from 'vitest';
import { EventClient } from '../support/event-client.ts';
import { openServer } from '../support/open-server.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

const VALUES: readonly (readonly [data: unknown, message: string, lines: readonly string[]])[] = [
  ['plain', 'plain', ['plain']],
  ['', '', ['']],
  ['a\nb\r\nc\rd', 'a\nb\r\nc\rd', ['a', 'b', 'c', 'd']],
  [{ text: 'a\nb\r\u2028', n: -0, list: [1, null] }, '{"text":"a\\nb\\r\u2028","n":0,"list":[1,null]}', []],
  [{ b: 1, 2: 'x', 1: 'y' }, '{"1":"y","2":"x","b":1}', []],
  [JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}', []],
  [{ half: '\ud800' }, '{"half":"\\ud800"}', []],
  [1e21, '1e+21', []],
  [null, 'null', []],
  [true, 'true', []],
  [[], '[]', []],
  [new Date(0), '1970-01-01T00:00:00.000Z', []],
  [{ toJSON: () => 'a\nb' }, 'a\nb', ['a', 'b']],
];

test('what is published leaves as the text that it became then, on WebSockets and event streams', async () => {
  await using open = await openServer((app) =>
    app.accept('/socket', { open: (channel) => channel.join('t') }).events('/events', (stream) => stream.join('t')),
  );
  await using socket = await WebSocketClient.open(open.port, '/socket');
  await using events = await EventClient.open(open.port, '/events');
  await events.until(() => events.retryMs !== undefined);
  const before = events.text.length;
  for (const [data] of VALUES) expect((await open.server.publish('t', data, { event: 'e' })).subscribers).toBe(2);
  expect(await socket.messages(VALUES.length)).toEqual(VALUES.map(([, message]) => message));
  const expected = VALUES.map(([, message, lines]) =>
    ['event: e', ...(lines.length > 0 ? lines : [message]).map((line) => `data: ${line}`), '', ''].join('\n'),
  ).join('');
  await events.until(() => events.text.length >= before + expected.length);
  expect(events.text.slice(before)).toBe(expected);
});
