import { describe, expect, test } from 'vitest';
import type { OutgoingMessage } from '../../src/channels/frame.ts';
import type { MessageWire } from '../../src/channels/message-wire.ts';
import { Outbox } from '../../src/channels/outbox.ts';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { announceGap } from '../../src/hub/announce-gap.ts';
import { backplaneWith } from '../support/backplane-with.ts';
import { EventClient } from '../support/event-client.ts';
import { openServer } from '../support/open-server.ts';
import { WebSocketClient } from '../support/web-socket-client.ts';

const LARGE = 'x'.repeat(100_000);
const NUMBERS = Array.from({ length: 60 }, (_, n) => `${n}`);

function shortOf(messages: readonly (string | Buffer)[]): readonly string[] {
  return messages.map((message) => String(message).slice(0, 2).replace('x', ''));
}

describe('a history of more than may wait for a client', () => {
  test('comes whole to a WebSocket that reads, and what is sent behind it comes behind', async () => {
    await using open = await openServer((app) => {
      app.history('r', { size: 100 });
      app.accept('/', {
        open(channel) {
          void channel.join('r', { since: 'earliest' });
          channel.send('sent');
        },
      });
    });
    for (const n of NUMBERS) await open.server.publish('r', `${n}${LARGE}`);
    await using client = await WebSocketClient.open(open.port, '/');
    await open.server.publish('r', 'live');
    expect(shortOf(await client.messages(62))).toEqual([...NUMBERS, 'se', 'li']);
    expect(client.closed).toBe(undefined);
  });

  test('comes whole before a close that the app asks for', async () => {
    await using open = await openServer((app) => {
      app.history('r', { size: 100 });
      app.accept('/', {
        open(channel) {
          void channel.join('r', { since: 'earliest' });
          channel.close(4_000);
        },
      });
    });
    for (const n of NUMBERS) await open.server.publish('r', `${n}${LARGE}`);
    await using client = await WebSocketClient.open(open.port, '/');
    expect(await client.end()).toEqual({ code: 4_000, reason: '' });
    expect(shortOf(client.received)).toEqual(NUMBERS);
  });

  test('comes whole in one event stream', async () => {
    await using open = await openServer((app) => {
      app.history('r', { size: 100 });
      app.events('/', (stream) => stream.join('r', { since: 'earliest' }));
    });
    for (const n of NUMBERS) await open.server.publish('r', `${n}${LARGE}`);
    await using client = await EventClient.open(open.port, '/');
    const events = await client.events(60);
    expect(shortOf(events.map(({ data }) => data ?? ''))).toEqual(NUMBERS);
  });

  test('is what an outage has missed, for those that were there', async () => {
    const topics = new MemoryTopics();
    const bus = new MemoryBus(topics);
    const history = { size: 100 };
    await using open = await openServer((app) => {
      app.backplane(backplaneWith({ bus })).history('r', history);
      app.accept('/', { open: (channel) => channel.join('r') });
    });
    await using other = await openServer((app) =>
      app.backplane(backplaneWith({ bus: new MemoryBus(topics) })).history('r', history),
    );
    await using client = await WebSocketClient.open(open.port, '/');
    await other.server.publish('r', 'first');
    await client.messages(1);
    const { receiver } = bus;
    bus.receiver = { ...receiver, receive() {}, memberChanged() {}, interrupted() {} };
    for (const n of NUMBERS) await other.server.publish('r', `${n}${LARGE}`);
    bus.receiver = receiver;
    receiver.interrupted();
    await other.server.publish('r', 'live');
    expect(shortOf(await client.messages(62))).toEqual(['fi', ...NUMBERS, 'li']);
  });

  test('does not let a client that reads nothing pile up what is live', async () => {
    await using open = await openServer((app) => {
      app.history('r', { size: 100 });
      app.accept('/', { open: (channel) => channel.join('r', { since: 'earliest' }) });
    });
    for (const n of NUMBERS) await open.server.publish('r', `${n}${LARGE}`);
    await using client = await WebSocketClient.open(open.port, '/');
    client.websocket.pause();
    for (const n of NUMBERS) await open.server.publish('r', `${n}${LARGE}`);
    client.websocket.resume();
    expect((await client.end()).code).toBe(1013);
  });
});

describe('a client that gets what it has missed', () => {
  function openOutbox() {
    const written: OutgoingMessage[] = [];
    const wire = {
      bufferedBytes: 0,
      isGathering: false,
      write(messages: readonly OutgoingMessage[]) {
        written.push(...messages);
        for (const { frame } of messages) wire.bufferedBytes += frame.byteLength;
      },
    };
    let overflows = 0;
    const limits = { maxBackpressureBytes: 1_000, slowClient: 'close' as const, messagesPerSecond: 1 };
    const outbox = new Outbox(wire as unknown as MessageWire, limits, () => void (overflows += 1));
    return { outbox, wire, written, overflows: () => overflows };
  }

  const missed = () => announceGap('t', LARGE, { epoch: 'e', seq: 1 });

  test('is closed when it takes none of it for half a minute', () => {
    const { outbox, wire, overflows } = openOutbox();
    for (let n = 0; n < 9; n += 1) outbox.replay(missed());
    outbox.flush();
    outbox.beat(0);
    wire.bufferedBytes -= 1;
    outbox.beat(29_000);
    outbox.beat(58_000);
    expect(overflows()).toBe(0);
    outbox.beat(59_000);
    expect(overflows()).toBe(1);
  });

  test('is written no more than it takes', async () => {
    const { outbox, wire, written, overflows } = openOutbox();
    for (let n = 0; n < 9; n += 1) outbox.replay(missed());
    outbox.flush();
    expect(written).toHaveLength(1);
    wire.bufferedBytes = 0;
    outbox.taken();
    await new Promise(setImmediate);
    outbox.flush();
    expect([written.length, overflows()]).toEqual([2, 0]);
  });
});
