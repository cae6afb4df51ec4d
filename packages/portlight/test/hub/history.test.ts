import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import type { MemoryHistoryOptions } from '../../src/backplane/memory-history.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { Hub, type JoinOptions } from '../../src/hub/hub.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';
import { RecordingSubscriber } from './recording-subscriber.ts';

let now = 0;
let members = 0;

beforeEach(() => {
  now = 0;
});

function open(options: MemoryHistoryOptions = {}): { hub: Hub; topics: MemoryTopics } {
  const topics = new MemoryTopics({ now: () => now, ...options });
  return {
    hub: new Hub(sharedWith({ bus: new MemoryBus(topics) }), { logger: new RecordingLogger(), verbose: false }),
    topics,
  };
}

/** Publishes one after another. @returns their positions */
async function publish(hub: Hub, topic: string, ...data: unknown[]): Promise<string[]> {
  const ids: string[] = [];
  for (const datum of data) ids.push((await hub.publish(topic, datum)).id ?? '');
  return ids;
}

/** What a channel gets that joins: data, or `gap`. */
function joining(hub: Hub, topic: string | readonly string[], options: JoinOptions): readonly unknown[] {
  members += 1;
  const member = new RecordingSubscriber(`member ${members}`);
  void (typeof topic === 'string' ? hub.join(member, topic, options) : hub.joinAll(member, topic, options));
  const seen = member.got.map(({ event, data }) => (event === 'portlight.gap' ? 'gap' : data));
  void hub.leaveAll(member);
  return seen;
}

describe('a position', () => {
  test('rises over all topics, and is shown where there is history', async () => {
    const { hub } = open();
    hub.history('a', { size: 5 });
    hub.history('b*', { size: 5 });
    const member = new RecordingSubscriber('m');
    for (const topic of ['a', 'b1', 'c']) void hub.join(member, topic);
    await publish(hub, 'a', 1);
    await publish(hub, 'c', 2);
    await publish(hub, 'b1', 3);
    const [epoch] = (member.got[0]?.position ?? '').split('-');
    expect(epoch).toMatch(/^[0-9a-f]{16}$/);
    expect(member.got.map(({ position }) => position)).toEqual([`${epoch}-1`, undefined, `${epoch}-3`]);
  });

  test('is the id of a publication that has no other', async () => {
    const { hub } = open();
    hub.history('a', { size: 5 });
    expect([(await hub.publish('a', 1)).id, (await hub.publish('a', 1, { id: 'mine' })).id]).toEqual([
      expect.stringMatching(/-1$/),
      'mine',
    ]);
  });
});

describe('what is kept', () => {
  test('is so many messages, of the narrowest pattern', async () => {
    const { hub } = open();
    hub.history('*', { size: 1 });
    hub.history('room:*', { size: 2 });
    hub.history('room:big*', { size: 3 });
    hub.history('room:big1', { size: 4 });
    for (const [topic, kept] of [
      ['x', 1],
      ['room:', 2],
      ['room:1', 2],
      ['room:big', 3],
      ['room:big2', 3],
      ['room:big1', 4],
      ['room:big11', 3],
    ] as const) {
      await publish(hub, topic, 1, 2, 3, 4, 5);
      expect(joining(hub, topic, { since: 'earliest' })).toEqual([1, 2, 3, 4, 5].slice(-kept));
    }
  });

  test('is kept for so long, on a clock that nobody sets', async () => {
    const { hub, topics } = open();
    hub.history('short', { size: 9, ttlMs: 100 });
    hub.history('long', { size: 9, ttlMs: 1_000 });
    hub.history('ever', { size: 9 });
    for (const topic of ['short', 'long', 'ever']) await publish(hub, topic, 1);
    now = 99;
    await publish(hub, 'short', 2);
    expect(joining(hub, 'short', { since: 'earliest' })).toEqual([1, 2]);
    now = 100;
    expect(joining(hub, 'short', { since: 'earliest' })).toEqual([2]);
    now = 1_000;
    expect([
      joining(hub, 'short', { since: 'earliest' }),
      joining(hub, 'long', { since: 'earliest' }),
      joining(hub, 'ever', { since: 'earliest' }),
    ]).toEqual([[], [], [1]]);
    expect(topics.sizes.histories).toBe(1);
  });

  test('never has a hole, even where a shorter time was set later', async () => {
    const { hub } = open();
    hub.history('t', { size: 9, ttlMs: 1_000 });
    const [first] = await publish(hub, 't', 1);
    hub.history('t', { size: 9, ttlMs: 10 });
    await publish(hub, 't', 2);
    hub.history('t', { size: 9, ttlMs: 1_000 });
    await publish(hub, 't', 3);
    now = 10;
    expect(joining(hub, 't', { since: first ?? '' })).toEqual(['gap', 3]);
  });

  test('stays below a number of bytes, of all topics together, the oldest first', async () => {
    const { hub, topics } = open({ maxBytes: 100_000 });
    hub.history('*', { size: 100 });
    for (let n = 0; n < 100; n += 1) await publish(hub, `topic ${n % 3}`, { n, text: 'x'.repeat(10_000) });
    expect(topics.sizes.historyBytes).toBeLessThanOrEqual(100_000);
    expect(topics.sizes.historyBytes).toBeGreaterThan(80_000);
    const kept = ['topic 0', 'topic 1', 'topic 2'].flatMap(
      (topic) => joining(hub, topic, { since: 'earliest' }) as { readonly n: number }[],
    );
    expect(kept.map(({ n }) => n).sort((one, other) => one - other)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99]);
  });

  test('is not a message that is larger than all of it', async () => {
    const { hub, topics } = open({ maxBytes: 10_000 });
    hub.history('*', { size: 100 });
    const [first] = await publish(hub, 't', 1);
    await publish(hub, 'other', 1);
    const member = new RecordingSubscriber('m');
    void hub.join(member, 't');
    await publish(hub, 't', 'x'.repeat(10_000));
    expect([member.got.length, topics.sizes.historyBytes]).toEqual([1, 0]);
    await publish(hub, 't', 2);
    expect(joining(hub, 't', { since: first ?? '' })).toEqual(['gap', 2]);
  });

  test('is nothing of many topics that have expired', async () => {
    const { hub, topics } = open();
    hub.history('*', { size: 2, ttlMs: 10 });
    for (let n = 0; n < 1_000; n += 1) {
      now = n;
      await publish(hub, `topic ${n}`, n);
      expect(topics.sizes.histories).toBeLessThanOrEqual(10);
    }
  });
});

describe('since', () => {
  test('nothing: only what comes from now on', async () => {
    const { hub } = open();
    hub.history('t', { size: 9 });
    await publish(hub, 't', 1);
    expect([joining(hub, 't', {}), joining(hub, 't', { since: '' })]).toEqual([[], []]);
  });

  test('a position: what came behind it, or a gap', async () => {
    const { hub } = open();
    hub.history('t', { size: 3 });
    const ids = await publish(hub, 't', 1, 2, 3, 4, 5);
    const epoch = ids[0]?.split('-')[0];
    expect(ids.map((since) => joining(hub, 't', { since }))).toEqual([['gap', 3, 4, 5], [3, 4, 5], [4, 5], [5], []]);
    const foreign = [
      `${epoch}-6`,
      'abc-1',
      `${epoch}`,
      `${epoch}-`,
      `${epoch}--1`,
      `${epoch}-1e0`,
      `${epoch}-05`,
      `${epoch}-99999999999999999999`,
      '-',
      '5',
      'Earliest',
      '__proto__',
    ];
    for (const since of foreign) expect(joining(hub, 't', { since })).toEqual(['gap', 3, 4, 5]);
  });

  test('a gap says what was asked for, and a position from which on nothing is missing', async () => {
    const { hub } = open();
    hub.history('t', { size: 1 });
    const ids = await publish(hub, 't', 1, 2, 3);
    const member = new RecordingSubscriber('m');
    void hub.join(member, 't', { since: 'elsewhere-1' });
    const [gap] = member.got;
    expect([gap?.topic, gap?.event, gap?.data, gap?.position]).toEqual([
      't',
      'portlight.gap',
      { topic: 't', since: 'elsewhere-1' },
      ids[1],
    ]);
    expect(joining(hub, 't', { since: gap?.position ?? '' })).toEqual([3]);
  });

  test('a position of another topic tells nothing of a loss in this one', async () => {
    const { hub } = open();
    hub.history('*', { size: 1, ttlMs: 100 });
    const [first] = await publish(hub, 'quiet', 1);
    const [second] = await publish(hub, 'loud', 1);
    now = 100;
    await publish(hub, 'loud', 2);
    expect(joining(hub, 'quiet', { since: first ?? '' })).toEqual([]);
    expect(joining(hub, 'loud', { since: second ?? '' })).toEqual([2]);
    expect(joining(hub, 'loud', { since: first ?? '' })).toEqual(['gap', 2]);
  });

  test('a position of a topic that is no longer remembered is a gap rather than a silent loss', async () => {
    const { hub } = open({ maxQuiet: 2 });
    hub.history('*', { size: 1, ttlMs: 1 });
    const [first] = await publish(hub, 't', 1);
    await publish(hub, 't', 2);
    for (const topic of ['u', 'v', 'w', 'x']) {
      now += 1;
      await publish(hub, topic, 1);
    }
    expect(joining(hub, 't', { since: first ?? '' })).toEqual(['gap']);
  });

  test('earliest: all there is, and no gap', async () => {
    const { hub } = open();
    hub.history('t', { size: 2 });
    await publish(hub, 't', 1, 2, 3);
    expect(joining(hub, 't', { since: 'earliest' })).toEqual([2, 3]);
    expect(joining(hub, 'other', { since: 'earliest' })).toEqual([]);
  });

  test('left: what came since the last channel of the name left, and nothing while one is there', async () => {
    const { hub } = open();
    hub.history('t', { size: 3 });
    const [phone, laptop] = [new RecordingSubscriber('phone'), new RecordingSubscriber('laptop')];
    void hub.join(phone, 't', { member: 'ada' });
    void hub.join(laptop, 't', { member: 'ada' });
    void hub.leave(phone, 't');
    await publish(hub, 't', 1);
    void hub.leaveAll(laptop);
    await publish(hub, 't', 2, 3);
    const tablet = new RecordingSubscriber('tablet');
    void hub.join(tablet, 't', { member: 'ada', since: 'left' });
    expect(tablet.data).toEqual([2, 3]);
    expect(joining(hub, 't', { member: 'ada', since: 'left' })).toEqual([]);
    void hub.leaveAll(tablet);
    expect(joining(hub, 't', { member: 'ada', since: 'left' })).toEqual([]);
    await publish(hub, 't', 4, 5, 6, 7);
    expect(joining(hub, 't', { member: 'ada', since: 'left' })).toEqual(['gap', 5, 6, 7]);
  });

  test('left: all there is for a name whose departure is not known, and a gap, as it may have been there before a start anew', async () => {
    const { hub } = open();
    hub.history('t', { size: 3 });
    await publish(hub, 't', 1, 2);
    expect(joining(hub, 't', { member: 'bob', since: 'left' })).toEqual(['gap', 1, 2]);
    await publish(hub, 't', 3, 4);
    expect(joining(hub, 't', { member: 'bob', since: 'left' })).toEqual([3, 4]);
    expect(joining(hub, 't', { member: 'eve', since: 'left' })).toEqual(['gap', 2, 3, 4]);
  });

  test('left: the longest gone are forgotten', async () => {
    const { hub } = open({ maxDepartures: 10 });
    hub.history('t', { size: 9 });
    for (let n = 0; n < 100; n += 1) joining(hub, 't', { member: `${n}` });
    await publish(hub, 't', 1);
    expect([
      joining(hub, 't', { member: '99', since: 'left' }),
      joining(hub, 't', { member: '50', since: 'left' }),
    ]).toEqual([[1], ['gap', 1]]);
  });

  test('left, without a name, is a mistake', () => {
    const { hub } = open();
    expect(() => joining(hub, 't', { since: 'left' })).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_CONFIG' }),
    );
  });

  test('means nothing where nothing is kept, nor when joining again', async () => {
    const { hub } = open();
    for (const since of ['earliest', 'left', 'x-1']) expect(joining(hub, 'none', { member: 'ada', since })).toEqual([]);
    hub.history('t', { size: 9 });
    await publish(hub, 't', 1);
    const member = new RecordingSubscriber('m');
    void hub.join(member, 't');
    void hub.join(member, 't', { since: 'earliest' });
    expect(member.got).toEqual([]);
  });

  test('spares those who were spared when it was live', async () => {
    const { hub } = open();
    hub.history('t', { size: 9 });
    await hub.publish('t', 'all');
    await hub.publish('t', 'ada', { user: 'ada' });
    await hub.publish('t', 'not m', { except: 'm' });
    const member = new RecordingSubscriber('m');
    void hub.join(member, 't', { since: 'earliest' });
    expect(member.data).toEqual(['all']);
    expect(joining(hub, 't', { since: 'earliest', member: 'ada' })).toEqual(['all', 'ada', 'not m']);
  });

  test('lets what the replay leads to follow it', async () => {
    const { hub } = open();
    hub.history('t', { size: 9 });
    await publish(hub, 't', 1, 2);
    const member = new RecordingSubscriber('m');
    member.onDeliver = ({ data }) => void (data === 1 && hub.publish('t', 3));
    void hub.join(member, 't', { since: 'earliest' });
    expect(member.data).toEqual([1, 2, 3]);
  });

  test('within a delivery has each message once', async () => {
    const { hub } = open();
    hub.history('t', { size: 9 });
    const [first, second] = [new RecordingSubscriber('first'), new RecordingSubscriber('second')];
    first.onDeliver = ({ data }) => {
      if (data !== 1) return;
      void hub.publish('t', 2);
      void hub.join(second, 't', { since: 'earliest' });
    };
    void hub.join(first, 't');
    await publish(hub, 't', 1, 3);
    expect([first.data, second.data]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });
});

describe('several topics at once', () => {
  test('replay in the order of their positions, a gap in its place', async () => {
    const { hub } = open();
    hub.history('a', { size: 9 });
    hub.history('b', { size: 1 });
    const [first] = await publish(hub, 'a', 1);
    await publish(hub, 'b', 2, 3);
    await publish(hub, 'a', 4);
    await publish(hub, 'b', 5);
    const member = new RecordingSubscriber('m');
    void hub.joinAll(member, ['b', 'a', 'none', 'b'], { since: first ?? '' });
    expect(member.got.map(({ topic, event, data }) => event ?? `${topic}${String(data)}`)).toEqual([
      'portlight.gap',
      'a4',
      'b5',
    ]);
    const seqs = member.got.map(({ place }) => place?.seq);
    expect(seqs).toEqual([3, 4, 5]);
    expect(hub.topicsOf(member)).toEqual(['b', 'a', 'none']);
  });

  test('are joined all or none', () => {
    const { hub } = open();
    const member = new RecordingSubscriber('m');
    expect(() => hub.joinAll(member, ['a', ''])).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_TOPIC' }),
    );
    expect(() =>
      hub.joinAll(
        member,
        Array.from({ length: 200 }, (_, n) => `${n}`),
      ),
    ).toThrow(expect.objectContaining({ code: 'ERR_PORTLIGHT_TOO_MANY_TOPICS' }));
    expect([hub.topicsOf(member), hub.sizes]).toEqual([[], { topics: 0, subscribers: 0 }]);
  });
});

describe('a setting', () => {
  test.each([
    ['', { size: 1 }],
    [7, { size: 1 }],
    ['t', { size: 0 }],
    ['t', { size: 1.5 }],
    ['t', { size: '1' }],
    ['t', { size: Infinity }],
    ['t', { size: 10_001 }],
    ['t', {}],
    ['t', { size: 1, ttlMs: 0 }],
    ['t', { size: 1, ttlMs: -1 }],
    ['t', { size: 1, ttlMs: Infinity }],
    ['t', { size: 1, ttlMs: '1' }],
  ])('is refused: %j %j', (topic, options) => {
    const { hub } = open();
    expect(() => hub.history(topic as string, options as { size: number })).toThrow(/history/);
  });
});
