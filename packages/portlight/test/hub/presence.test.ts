import { describe, expect, test } from 'vitest';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { Hub, type PresenceChange } from '../../src/hub/hub.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';
import { RecordingSubscriber } from './recording-subscriber.ts';

const [a, b, c] = ['a', 'b', 'c'].map((id) => new RecordingSubscriber(id)) as [
  RecordingSubscriber,
  RecordingSubscriber,
  RecordingSubscriber,
];

function open(topic = 'room'): { hub: Hub; log: RecordingLogger; told: PresenceChange[] } {
  const log = new RecordingLogger();
  const hub = new Hub(sharedWith({ bus: new MemoryBus() }), { logger: log, verbose: false });
  const told: PresenceChange[] = [];
  hub.onPresence(topic, (change) => void told.push(change));
  return { hub, log, told };
}

const joined = (member: string, info?: unknown, topic = 'room') => ({ topic, kind: 'joined', member, info });
const left = (member: string, info?: unknown, topic = 'room') => ({ topic, kind: 'left', member, info });

describe('a member', () => {
  test('is one, with any number of channels, and shows the info of the latest join', async () => {
    const { hub, told } = open();
    const before = Date.now();
    void hub.join(a, 'room', { member: 'ada', info: { tab: 1 } });
    void hub.join(c, 'room', { member: 'bob' });
    void hub.join(b, 'room', { member: 'ada', info: { tab: 2 } });
    const [ada, bob] = await hub.presence('room');
    expect([ada, bob]).toEqual([
      { member: 'ada', info: { tab: 2 }, channels: 2, joinedAt: expect.any(Number) as number },
      { member: 'bob', info: undefined, channels: 1, joinedAt: expect.any(Number) as number },
    ]);
    expect(ada?.joinedAt).toBeGreaterThanOrEqual(before);
    void hub.leave(b, 'room');
    expect(told).toEqual([joined('ada', { tab: 1 }), joined('bob')]);
    void hub.leaveAll(a);
    expect(told.slice(2)).toEqual([left('ada', { tab: 2 })]);
    expect((await hub.presence('room')).map(({ member }) => member)).toEqual(['bob']);
  });

  test('is in each topic for itself', async () => {
    const { hub, told } = open();
    void hub.join(a, 'room', { member: 'ada' });
    void hub.join(a, 'hall', { member: 'ada' });
    void hub.leave(a, 'room');
    expect(told).toEqual([joined('ada'), left('ada')]);
    expect(await hub.presence('hall')).toHaveLength(1);
  });

  test('may be changed by joining again; what is left out stays', async () => {
    const { hub, told } = open();
    void hub.join(a, 'room', { member: 'ada', info: 1 });
    void hub.join(a, 'room', { info: 2 });
    void hub.join(a, 'room', { member: 'ada', info: 2 });
    void hub.join(a, 'room');
    expect(await hub.presence('room')).toMatchObject([{ member: 'ada', info: 2, channels: 1 }]);
    expect(told).toEqual([joined('ada', 1)]);
    void hub.join(a, 'room', { member: 'eve' });
    expect(told.slice(1)).toEqual([left('ada', 2), joined('eve', 2)]);
    await hub.publish('room', 'for eve', { user: 'eve' });
    await hub.publish('room', 'for ada', { user: 'ada' });
    expect(a.data).toEqual(['for eve']);
  });

  test('without a name is not there, but gets what is published', async () => {
    const { hub, told } = open();
    void hub.join(c, 'room', { info: 'unseen' });
    expect([await hub.presence('room'), (await hub.publish('room', 1)).subscribers]).toEqual([[], 1]);
    void hub.join(c, 'room', { member: 'cleo' });
    void hub.leave(c, 'room');
    expect(told).toEqual([joined('cleo', 'unseen'), left('cleo', 'unseen')]);
  });

  test.each([
    ['a function', () => {}],
    ['a bigint', 1n],
  ])('shows no info that is %s', (_name, info) => {
    const { hub } = open();
    expect(() => hub.join(a, 'room', { member: 'ada', info })).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_PUBLICATION' }),
    );
    expect(hub.topicsOf(a)).toEqual([]);
  });
});

describe('a handler', () => {
  test('that fails is logged, and the others run', async () => {
    const { hub, log, told } = open('*');
    hub.onPresence('room', () => {
      throw new Error('at once');
    });
    hub.onPresence('room', () => Promise.reject(new Error('later')));
    hub.onPresence('room', (change) => void told.push(change));
    void hub.join(a, 'room', { member: 'ada' });
    await new Promise(setImmediate);
    expect(told).toHaveLength(2);
    expect(log.at('error')).toMatchObject([
      { fields: { topic: 'room', member: 'ada', kind: 'joined', err: { message: 'at once' } } },
      { fields: { err: { message: 'later' } } },
    ]);
  });

  test('for a prefix hears of all its topics', () => {
    const { hub, told } = open('room:*');
    for (const topic of ['room:1', 'room:', 'room', 'roam:1']) void hub.join(a, topic, { member: 'ada' });
    expect(told.map(({ topic }) => topic)).toEqual(['room:1', 'room:']);
  });

  test('may publish, and lets the member go', async () => {
    const { hub, told } = open();
    const [ada, bob] = [new RecordingSubscriber('ada'), new RecordingSubscriber('bob')];
    hub.onPresence('room', ({ kind, member }) => {
      void hub.publish('room', `${member} ${kind}`);
      if (member === 'bob' && kind === 'joined') void hub.leave(bob, 'room');
    });
    void hub.join(ada, 'room', { member: 'ada' });
    void hub.join(bob, 'room', { member: 'bob' });
    expect(ada.data).toEqual(['ada joined', 'bob joined', 'bob left']);
    expect([bob.data, hub.topicsOf(bob), told]).toEqual([
      ['bob joined'],
      [],
      [joined('ada'), joined('bob'), left('bob')],
    ]);
    expect(await hub.presence('room')).toHaveLength(1);
  });

  test.each([
    ['', () => {}],
    [7, () => {}],
    ['x'.repeat(513), () => {}],
    ['room', undefined],
    ['room', 'handler'],
  ])('for %j is refused where it cannot be meant', (topic, handler) => {
    const { hub } = open();
    expect(() => hub.onPresence(topic as string, handler as () => void)).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_CONFIG' }),
    );
  });
});
