import { describe, expect, test } from 'vitest';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { DEFAULTS } from '../../src/defaults.ts';
import { Hub, type JoinOptions } from '../../src/hub/hub.ts';
import type { Publication } from '../../src/hub/publication.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';
import { RecordingSubscriber } from './recording-subscriber.ts';

function open(topics = new MemoryTopics()): {
  hub: Hub;
  log: RecordingLogger;
  a: RecordingSubscriber;
  b: RecordingSubscriber;
  c: RecordingSubscriber;
} {
  const log = new RecordingLogger();
  const hub = new Hub(sharedWith({ bus: new MemoryBus(topics) }), { logger: log, verbose: false });
  return {
    hub,
    log,
    a: new RecordingSubscriber('a'),
    b: new RecordingSubscriber('b'),
    c: new RecordingSubscriber('c'),
  };
}

describe('joining and leaving', () => {
  test('brings the messages of exactly this topic, and ends', async () => {
    const { hub, a, b } = open();
    expect(hub.join(a, 'news')).toBeUndefined();
    void hub.join(b, 'new');
    expect(await hub.publish('news', { n: 1 })).toEqual({ id: undefined, subscribers: 1 });
    expect(hub.leave(a, 'news')).toBeUndefined();
    expect(await hub.publish('news', { n: 2 })).toEqual({ id: undefined, subscribers: 0 });
    expect([a.data, b.data]).toEqual([[{ n: 1 }], []]);
  });

  test('twice is once', async () => {
    const { hub, a } = open();
    void hub.join(a, 'news');
    void hub.join(a, 'news');
    void hub.leave(a, 'other');
    await hub.publish('news', 1);
    void hub.leave(a, 'news');
    void hub.leave(a, 'news');
    await hub.publish('news', 2);
    expect(a.data).toEqual([1]);
  });

  test('is told by topicsOf, and ended at once by leaveAll', async () => {
    const { hub, a } = open();
    for (const topic of ['x', 'y', 'z']) void hub.join(a, topic);
    void hub.leave(a, 'y');
    expect(hub.topicsOf(a)).toEqual(['x', 'z']);
    expect(hub.leaveAll(a)).toBeUndefined();
    expect(hub.topicsOf(a)).toEqual([]);
    expect(await hub.publish('x', 1)).toMatchObject({ subscribers: 0 });
  });

  test.each(['__proto__', 'constructor', 'toString', 'a*', '*', ' ', '\n', 'ü', '😀', 'x'.repeat(512)])(
    'takes any text as a name: %j',
    async (topic) => {
      const { hub, a, b } = open();
      hub.history('other*', { size: 1 });
      expect([hub.topicsOf(a), await hub.presence(topic)]).toEqual([[], []]);
      void hub.join(a, topic, { member: topic, info: { __proto__: 1 } });
      void hub.join(b, 'ab');
      await hub.publish(topic, topic, { user: topic });
      expect([hub.topicsOf(a), a.data, b.data]).toEqual([[topic], [topic], []]);
      expect((await hub.presence(topic)).map(({ member }) => member)).toEqual([topic]);
    },
  );

  test.each([
    ['', 'empty'],
    ['x'.repeat(513), '513'],
    [7, 'number'],
    [null, 'null'],
    [undefined, 'undefined'],
    ['\ud800', 'surrogate'],
  ])('refuses the name %j', async (topic, word) => {
    const { hub, a } = open();
    const refusal = {
      status: 400,
      code: 'ERR_PORTLIGHT_INVALID_TOPIC',
      message: expect.stringContaining(word) as string,
    };
    expect(() => hub.join(a, topic as string)).toThrow(expect.objectContaining(refusal));
    await expect(hub.publish(topic as string, 1)).rejects.toMatchObject(refusal);
    await expect(hub.presence(topic as string)).rejects.toMatchObject(refusal);
    if (topic !== undefined)
      expect(() => hub.join(a, 'x', { member: topic as string })).toThrow(expect.objectContaining(refusal));
    expect(hub.topicsOf(a)).toEqual([]);
  });

  test('has a limit for one member, which leaving makes room under', () => {
    const { hub, a, b } = open();
    for (let n = 0; n < DEFAULTS.maxTopicsPerMember; n += 1) void hub.join(a, `${n}`);
    expect(() => hub.join(a, 'one more')).toThrow(
      expect.objectContaining({ status: 403, code: 'ERR_PORTLIGHT_TOO_MANY_TOPICS' }),
    );
    void hub.join(a, '0');
    void hub.join(b, 'one more');
    void hub.leave(a, '0');
    void hub.join(a, 'one more');
    expect(hub.topicsOf(a)).toHaveLength(DEFAULTS.maxTopicsPerMember);
  });
});

describe('publishing', () => {
  test('reaches the members before it returns, in the order of the calls', () => {
    const { hub, a } = open();
    void hub.join(a, 't');
    void hub.publish('t', 1);
    void hub.publish('t', 2);
    expect(a.data).toEqual([1, 2]);
  });

  test('spares the one of except, and keeps to the one of user', async () => {
    const { hub, a, b, c } = open();
    void hub.join(a, 't', { member: 'ada' });
    void hub.join(b, 't', { member: 'ada' });
    void hub.join(c, 't');
    expect(await hub.publish('t', 'not a', { except: 'a' })).toMatchObject({ subscribers: 2 });
    expect(await hub.publish('t', 'ada', { user: 'ada' })).toMatchObject({ subscribers: 2 });
    expect(await hub.publish('t', 'ada, not a', { user: 'ada', except: 'a' })).toMatchObject({ subscribers: 1 });
    expect(await hub.publish('t', 'nobody', { user: 'bob' })).toMatchObject({ subscribers: 0 });
    expect([a.data, b.data, c.data]).toEqual([['ada'], ['not a', 'ada', 'ada, not a'], ['not a']]);
  });

  test('does not take a name that was not found for everybody', async () => {
    const { hub, a } = open();
    void hub.join(a, 't');
    for (const options of [{ user: undefined }, { except: undefined }, { user: null }, { user: 7 }]) {
      await expect(hub.publish('t', 'secret', options as never)).rejects.toMatchObject({
        code: 'ERR_PORTLIGHT_INVALID_PUBLICATION',
      });
    }
    expect(a.got).toEqual([]);
  });

  test('passes event, data and form on, and answers with the id it was given', async () => {
    const { hub, a } = open();
    void hub.join(a, 't');
    expect(await hub.publish('t', 'hello', { event: 'greeting', id: 'mine' })).toEqual({ id: 'mine', subscribers: 1 });
    await hub.publish('t', { at: new Date(0), left: undefined });
    await hub.publish('t', null);
    expect(
      a.got.map(({ topic, event, form, payload, data, position }) => [topic, event, form, payload, data, position]),
    ).toEqual([
      ['t', 'greeting', 'text', 'hello', 'hello', undefined],
      ['t', undefined, 'json', '{"at":"1970-01-01T00:00:00.000Z"}', { at: '1970-01-01T00:00:00.000Z' }, undefined],
      ['t', undefined, 'json', 'null', null, undefined],
    ]);
  });

  test('under an id is one publication: a repeat reaches nobody, and has the answer of the first', async () => {
    let now = 0;
    const { hub, a, b } = open(new MemoryTopics({ now: () => now }));
    void hub.join(a, 't');
    const publish = (data: unknown, id: string, topic = 't') => hub.publish(topic, data, { id });
    expect(await Promise.all([publish(1, 'x'), publish(2, 'x')])).toEqual([
      { id: 'x', subscribers: 1 },
      { id: 'x', subscribers: 1 },
    ]);
    void hub.join(b, 't');
    now = DEFAULTS.publishIdMs - 1;
    expect(await publish(3, 'x')).toEqual({ id: 'x', subscribers: 1 });
    expect(await publish(4, 'y')).toEqual({ id: 'y', subscribers: 2 });
    expect(await publish(5, 'x', 'other')).toEqual({ id: 'x', subscribers: 0 });
    now = DEFAULTS.publishIdMs;
    expect(await publish(6, 'x')).toEqual({ id: 'x', subscribers: 2 });
    await hub.publish('t', 7);
    await hub.publish('t', 8);
    expect([a.data, b.data]).toEqual([
      [1, 4, 6, 7, 8],
      [4, 6, 7, 8],
    ]);
  });

  test('from within what is delivered under the same id is a repeat too', async () => {
    const { hub, a } = open();
    void hub.join(a, 't');
    a.onDeliver = () => void hub.publish('t', 'again', { id: 'x' });
    await hub.publish('t', 'first', { id: 'x' });
    await new Promise(setImmediate);
    expect(a.data).toEqual(['first']);
  });

  test('remembers so many ids, and forgets the oldest', async () => {
    const { hub, a } = open(new MemoryTopics({ maxPublishIds: 10 }));
    void hub.join(a, 't');
    for (let n = 0; n < 100; n += 1) await hub.publish('t', n, { id: `${n}` });
    await hub.publish('t', 'repeat', { id: '96' });
    await hub.publish('t', 'forgotten', { id: '0' });
    expect(a.data.slice(99)).toEqual([99, 'forgotten']);
  });

  test.each(['', 'x'.repeat(513), 7, null, {}])('rejects the id %j', async (id) => {
    const { hub, a } = open();
    void hub.join(a, 't');
    await expect(hub.publish('t', 1, { id: id as string })).rejects.toMatchObject({
      code: 'ERR_PORTLIGHT_INVALID_PUBLICATION',
    });
    expect(a.got).toEqual([]);
  });

  test('makes text of what is a string in JSON', async () => {
    const { hub, a } = open();
    void hub.join(a, 't');
    for (const data of [new Date(0), Object('boxed\n"text"'), { toJSON: () => '' }]) await hub.publish('t', data);
    expect(a.got.map(({ form, payload }) => [form, payload])).toEqual([
      ['text', '1970-01-01T00:00:00.000Z'],
      ['text', 'boxed\n"text"'],
      ['text', ''],
    ]);
  });

  test('takes a copy', async () => {
    const { hub, a } = open();
    void hub.join(a, 't');
    const [object, bytes, buffer] = [{ n: 1 }, Buffer.from([1, 2]), new Uint8Array([3]).buffer];
    for (const data of [object, bytes.subarray(1), buffer]) await hub.publish('t', data);
    object.n = 9;
    bytes.fill(9);
    new Uint8Array(buffer).fill(9);
    expect(a.data).toEqual([{ n: 1 }, new Uint8Array([2]), new Uint8Array([3])]);
    expect((a.data[1] as Uint8Array).buffer.byteLength).toBe(1);
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  test.each([
    ['a function', () => {}],
    ['a bigint', 1n],
    ['a bigint inside', { n: 1n }],
    ['a cycle', cycle],
    ['a symbol', Symbol('s')],
    ['undefined', undefined],
    ['a promise', Promise.resolve(1)],
    [
      'what throws',
      {
        toJSON() {
          throw new Error('No.');
        },
      },
    ],
  ])('rejects %s, and reaches nobody', async (_name, data) => {
    const { hub, a } = open();
    hub.history('*', { size: 1 });
    void hub.join(a, 't');
    await expect(hub.publish('t', data)).rejects.toMatchObject({
      name: 'ReplyError',
      code: 'ERR_PORTLIGHT_INVALID_PUBLICATION',
    });
    void hub.join(new RecordingSubscriber('z'), 't', { since: 'earliest' });
    expect(a.got).toEqual([]);
    expect(await hub.publish('t', 1)).toMatchObject({ id: expect.stringMatching(/-1$/) as string });
  });

  test.each(['', 'a\nb', 'a\rb', 'a\0b', 7])('rejects the event %j', async (event) => {
    const { hub } = open();
    await expect(hub.publish('t', 1, { event: event as string })).rejects.toMatchObject({
      code: 'ERR_PORTLIGHT_INVALID_PUBLICATION',
    });
  });

  test('encodes once for each function', async () => {
    const { hub, a, b } = open();
    void hub.join(a, 't');
    void hub.join(b, 't');
    await hub.publish('t', 'x');
    let calls = 0;
    const encode = ({ payload }: Publication) => {
      calls += 1;
      return `<${String(payload)}>`;
    };
    expect([a.got[0]?.as(encode), b.got[0]?.as(encode), b.got[0]?.as(() => undefined), calls]).toEqual([
      '<x>',
      '<x>',
      undefined,
      1,
    ]);
  });

  test('reaches the others when one throws', async () => {
    const { hub, log, a, b, c } = open();
    for (const member of [a, b, c]) void hub.join(member, 't');
    b.onDeliver = () => {
      throw new Error('broken');
    };
    expect(await hub.publish('t', 1)).toMatchObject({ subscribers: 3 });
    expect([a.data, c.data]).toEqual([[1], [1]]);
    expect(log.at('error')).toMatchObject([{ fields: { topic: 't', channel: 'b', err: { message: 'broken' } } }]);
  });

  test('within a delivery follows it: both come in one order to all', async () => {
    const { hub, a, b } = open();
    void hub.join(a, 't');
    void hub.join(b, 't');
    const answers: unknown[] = [];
    a.onDeliver = ({ data }) => {
      if (data === 'question') answers.push(hub.publish('t', 'answer'), hub.publish('elsewhere', 1));
    };
    expect(await hub.publish('t', 'question')).toMatchObject({ subscribers: 2 });
    expect([a.data, b.data]).toEqual([
      ['question', 'answer'],
      ['question', 'answer'],
    ]);
    expect(await Promise.all(answers)).toMatchObject([{ subscribers: 2 }, { subscribers: 0 }]);
  });

  test('does not reach one that joins while it is delivered, and no longer one that has left', async () => {
    const { hub, a, b, c } = open();
    void hub.join(a, 't');
    void hub.join(b, 't');
    a.onDeliver = ({ data }) => {
      if (data !== 1) return;
      void hub.leave(b, 't');
      void hub.join(c, 't');
    };
    // Those who were there when it was numbered.
    expect(await hub.publish('t', 1)).toMatchObject({ subscribers: 2 });
    await hub.publish('t', 2);
    expect([a.data, b.data, c.data]).toEqual([[1, 2], [], [2]]);
  });
});

describe('memory', () => {
  test('keeps nothing of 100,000 topics that were left', async () => {
    const bus = new MemoryBus();
    const hub = new Hub(sharedWith({ bus }), { logger: new RecordingLogger(), verbose: false });
    for (let n = 0; n < 100_000; n += 1) {
      const member = new RecordingSubscriber(`m${n}`);
      void hub.join(member, `topic ${n}`, { member: `member ${n}`, info: { n } });
      void hub.publish(`topic ${n}`, n);
      if (n % 2 === 0) void hub.leave(member, `topic ${n}`);
      else void hub.leaveAll(member);
    }
    await new Promise(setImmediate);
    expect([hub.sizes, bus.sizes]).toEqual([
      { topics: 0, subscribers: 0 },
      { topics: 0, presence: 0, histories: 0, historyBytes: 0 },
    ]);
  });
});

test('a publication that nobody waits for and that is refused ends nothing', async () => {
  const log = new RecordingLogger();
  const holder = { logger: log, verbose: false };
  const hub = new Hub(sharedWith({ bus: new MemoryBus() }, holder), holder);
  void hub.publish('x'.repeat(513), 'data');
  await new Promise(setImmediate);
  expect(log.at('warn')).toHaveLength(1);
});

test.each<[unknown, unknown, string]>([
  ['t', { sicne: 'earliest' }, 'ERR_PORTLIGHT_CONFIG'],
  ['t', { member: 'ada', topic: 'u' }, 'ERR_PORTLIGHT_CONFIG'],
  ['t', 5, 'ERR_PORTLIGHT_CONFIG'],
  ['t', null, 'ERR_PORTLIGHT_CONFIG'],
  ['t', 'earliest', 'ERR_PORTLIGHT_CONFIG'],
  ['t', { since: 5 }, 'ERR_PORTLIGHT_CONFIG'],
  ['t', { since: null }, 'ERR_PORTLIGHT_CONFIG'],
  ['t', { since: {} }, 'ERR_PORTLIGHT_CONFIG'],
  [{}, {}, 'ERR_PORTLIGHT_INVALID_TOPIC'],
  [{ topic: 't' }, {}, 'ERR_PORTLIGHT_INVALID_TOPIC'],
  [null, {}, 'ERR_PORTLIGHT_INVALID_TOPIC'],
])('a join of %j with %j is refused at once', (topic, options, code) => {
  const { hub, a } = open();
  hub.history('*', { size: 1 });
  const join = () => hub.join(a, topic as string, options as JoinOptions);
  expect(join).toThrow(expect.objectContaining({ code }));
  expect(hub.sizes).toEqual({ topics: 0, subscribers: 0 });
});
