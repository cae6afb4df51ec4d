import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Bus, BusReceiver, PassedMessage, Position, Since } from '../../src/backplane/bus.ts';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { Hub, type PresenceChange } from '../../src/hub/hub.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';
import { DelayedBus } from './delayed-bus.ts';
import { RecordingSubscriber } from './recording-subscriber.ts';

/** What a subscriber got: data, or `gap`. */
function seen({ got }: RecordingSubscriber): readonly unknown[] {
  return got.map(({ event, data }) => (event === 'portlight.gap' ? 'gap' : data));
}

/** Two processes on one bus; that of the first can be cut off. */
function open() {
  const topics = new MemoryTopics();
  const bus = new DelayedBus(topics);
  const log = new RecordingLogger();
  const holder = { logger: log, verbose: false };
  const hub = new Hub(sharedWith({ bus }, holder), holder);
  const other = new Hub(sharedWith({ bus: new MemoryBus(topics) }, holder), holder);
  const told: string[] = [];
  for (const each of [hub, other]) {
    void each.presence('t');
    each.history('kept', { size: 4 });
    each.onPresence('*', ({ member, kind }: PresenceChange) => void told.push(`${member} ${kind}`));
  }
  const settle = async () => {
    do {
      for (const kind of ['call', 'message', 'answer'] as const) bus.step(kind);
      await new Promise(setImmediate);
    } while (bus.isBusy);
  };
  const [a, b] = [new RecordingSubscriber('a'), new RecordingSubscriber('b')];
  return { topics, bus, log, hub, other, told, settle, a, b };
}

describe('after an outage', () => {
  test('in which nothing was published, nobody hears of it', async () => {
    const { hub, other, bus, a, settle } = open();
    void hub.join(a, 't');
    void hub.join(a, 'kept');
    await settle();
    for (const topic of ['t', 'kept']) await other.publish(topic, 1);
    await settle();
    bus.cut();
    await other.publish('another', 1);
    bus.restore();
    await settle();
    for (const topic of ['t', 'kept']) await other.publish(topic, 2);
    await settle();
    expect(seen(a)).toEqual([1, 1, 2, 2]);
  });

  test('each subscriber of a topic without history hears once that something may be missing', async () => {
    const { hub, other, bus, a, b, settle } = open();
    void hub.join(a, 't');
    await settle();
    await other.publish('t', 'on its way');
    bus.cut();
    await other.publish('t', 'missed');
    bus.restore();
    void hub.join(b, 't');
    await settle();
    await other.publish('t', 'live');
    await settle();
    expect([seen(a), seen(b)]).toEqual([['gap', 'live'], ['live']]);
    const [gap] = a.got;
    expect([gap?.topic, gap?.data, gap?.position]).toEqual(['t', { topic: 't' }, undefined]);
  });

  test('a history gives what was missed, to those for whom it was, and in order', async () => {
    const { hub, other, bus, a, b, settle } = open();
    void hub.join(a, 'kept', { member: 'ada' });
    void hub.join(b, 'kept');
    await settle();
    await other.publish('kept', 1);
    await settle();
    bus.cut();
    await other.publish('kept', 2, { user: 'ada' });
    await other.publish('kept', 3, { except: 'a' });
    await other.publish('kept', 4);
    bus.restore();
    await other.publish('kept', 5);
    await settle();
    await other.publish('kept', 6);
    await settle();
    expect([seen(a), seen(b)]).toEqual([
      [1, 2, 4, 5, 6],
      [1, 3, 4, 5, 6],
    ]);
  });

  test('a history that has lost some of it gives a gap and the rest', async () => {
    const { hub, other, bus, a, settle } = open();
    void hub.join(a, 'kept');
    await settle();
    const { id } = await other.publish('kept', 1);
    await settle();
    bus.cut();
    for (const n of [2, 3, 4, 5, 6]) await other.publish('kept', n);
    bus.restore();
    await settle();
    expect(seen(a)).toEqual([1, 'gap', 3, 4, 5, 6]);
    expect(a.got[1]?.data).toEqual({ topic: 'kept', since: id });
  });

  test('a history that cannot be read gives a gap', async () => {
    const { hub, other, bus, a, settle, log } = open();
    void hub.join(a, 'kept');
    await settle();
    await other.publish('kept', 1);
    bus.cut();
    bus.restore();
    while (!hasGap(a) && bus.isBusy) {
      bus.step('call');
      bus.isBroken = true;
      bus.step('answer');
      await new Promise(setImmediate);
    }
    bus.isBroken = false;
    await other.publish('kept', 2);
    await settle();
    expect(seen(a)).toEqual(['gap', 2]);
    expect(log.at('warn')).toMatchObject([
      { fields: { err: { status: 503, cause: { message: 'The bus cannot be reached.' } } } },
    ]);
  });

  test('after which everything is numbered anew, a gap is heard, and nothing comes twice', async () => {
    const { hub, other, bus, a, settle } = open();
    void hub.join(a, 'kept');
    void hub.join(a, 't');
    await settle();
    for (const topic of ['kept', 't']) await other.publish(topic, 1);
    await settle();
    bus.cut();
    const reborn = new MemoryTopics();
    const third = new Hub(sharedWith({ bus: new MemoryBus(reborn) }), {
      logger: new RecordingLogger(),
      verbose: false,
    });
    third.history('kept', { size: 3 });
    await third.publish('kept', 2);
    bus.restore(reborn);
    await settle();
    for (const topic of ['kept', 't']) await third.publish(topic, 3);
    await settle();
    expect(seen(a)).toEqual([1, 1, 'gap', 'gap', 3, 3]);
  });

  test.each([false, true])(
    'presence is right at once, and nobody seems to have left; forgotten: %s',
    async (isForgotten) => {
      const { hub, other, bus, topics, told, a, b, settle } = open();
      const c = new RecordingSubscriber('c');
      void hub.join(a, 't', { member: 'ada' });
      void hub.join(b, 't', { member: 'bob' });
      await settle();
      bus.cut({ isForgotten });
      void hub.leave(b, 't');
      await settle();
      bus.restore();
      void hub.join(c, 't', { member: 'cleo' });
      bus.step('call');
      expect(topics.presence('t').map(({ member }) => member)).toEqual(['ada']);
      await settle();
      expect((await other.presence('t')).map(({ member }) => member)).toEqual(['ada', 'cleo']);
      expect((await other.publish('t', 1)).subscribers).toBe(2);
      const flicker = isForgotten ? ['ada left', 'bob left', 'ada joined'] : ['bob left'];
      expect(told).toEqual(['ada joined', 'bob joined', ...flicker, 'cleo joined']);
    },
  );

  test('that ends in another one, the next end heals', async () => {
    const { hub, other, bus, a, settle, log } = open();
    void hub.join(a, 't', { member: 'ada' });
    await settle();
    bus.cut({ isForgotten: true });
    await other.publish('t', 'missed');
    bus.restore();
    bus.cut();
    await settle();
    expect([seen(a), log.at('warn').length]).toEqual([[], 1]);
    bus.restore();
    await settle();
    await other.publish('t', 'live');
    await settle();
    expect(seen(a)).toEqual(['gap', 'live']);
    expect(await other.presence('t')).toHaveLength(1);
  });

  test('what could not be joined is, behind a gap or with what is kept, unless it was left meanwhile', async () => {
    const { hub, other, bus, a, b, settle, told } = open();
    await Promise.all(['x', 'y'].map((text) => other.publish('kept', text)));
    bus.cut();
    const late = hub.join(a, 't', { member: 'ada' });
    void hub.join(a, 'kept', { since: 'earliest' });
    void hub.join(a, 'gone', { member: 'ada' });
    void hub.join(b, 't', { member: 'bob' });
    await settle();
    await expect(late).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect([hub.topicsOf(a), hub.sizes.subscribers]).toEqual([[], 2]);
    void hub.leave(a, 'gone');
    hub.leaveAll(b);
    await other.publish('t', 'missed');
    bus.restore();
    await settle();
    for (const topic of ['t', 'kept', 'gone']) await other.publish(topic, 'live');
    await settle();
    expect(a.got.map(({ topic, event, data }) => [topic, event === 'portlight.gap' ? 'gap' : data])).toEqual([
      ['t', 'gap'],
      ['kept', 'x'],
      ['kept', 'y'],
      ['t', 'live'],
      ['kept', 'live'],
    ]);
    expect([hub.topicsOf(a), b.got, told]).toEqual([['t', 'kept'], [], ['ada joined']]);
  });

  test('what was joined but for its presence is not joined again', async () => {
    const { hub, other, bus, a, settle } = open();
    await other.publish('kept', 'x');
    const joined = hub.join(a, 'kept', { member: 'ada', since: 'earliest' });
    while (a.got.length === 0) {
      for (const kind of ['call', 'answer'] as const) bus.step(kind);
      await new Promise(setImmediate);
    }
    bus.cut();
    await expect(joined).rejects.toMatchObject({ status: 503 });
    expect(hub.topicsOf(a)).toEqual(['kept']);
    bus.restore();
    await settle();
    expect([seen(a), (await other.presence('kept')).map(({ channels }) => channels)]).toEqual([['x'], [1]]);
  });

  test('calls that nobody waited for are logged, and end nothing', async () => {
    const { hub, bus, log, a, b, settle } = open();
    void hub.join(a, 't', { member: 'ada' });
    void hub.join(b, 'u');
    await settle();
    bus.cut();
    void hub.join(b, 't', { member: 'bob' });
    void hub.join(a, 't', { member: 'eve' });
    void hub.joinAll(b, ['x', 'kept'], { since: 'earliest' });
    void hub.leave(a, 't');
    void hub.publish('t', 1);
    void hub.presence('t');
    hub.leaveAll(b);
    await settle();
    expect(log.at('error')).toEqual([]);
    expect(log.at('warn').map(({ message }) => message)).toEqual([
      'A topic was not joined.',
      'A topic was not left.',
      'Something was not published.',
      'Who is in a topic could not be said.',
    ]);
    expect(hub.sizes).toEqual({ topics: 0, subscribers: 0 });
  });
});

function hasGap(subscriber: RecordingSubscriber): boolean {
  return seen(subscriber).includes('gap');
}

test('a bus whose methods throw is one that cannot be reached', async () => {
  const log = new RecordingLogger();
  const holder = { logger: log, verbose: false };
  const broken = new Proxy(new MemoryBus(), {
    get: (bus, name) =>
      name === 'connect'
        ? bus.connect.bind(bus)
        : () => {
            throw new Error('Broken.');
          },
  }) as Bus;
  const hub = new Hub(sharedWith({ bus: broken }, holder), holder);
  hub.history('*', { size: 1 });
  const a = new RecordingSubscriber('a');
  const outcomes = await Promise.allSettled([
    hub.join(a, 't', { member: 'ada' }),
    hub.joinAll(a, ['u', 'v'], { since: 'earliest' }),
    hub.publish('t', 1),
    hub.presence('t'),
  ]);
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { status: 503, cause: { message: 'Broken.' } } });
  hub.leaveAll(a);
  expect(hub.sizes).toEqual({ topics: 0, subscribers: 0 });
});

describe('what arrives', () => {
  /** A hub whose bus says what the test wants. */
  async function openScripted() {
    let receiver: BusReceiver | undefined;
    let standing: Position = { epoch: 'e', seq: 0 };
    const reads: Since[] = [];
    /** What the history has, as positions. */
    let kept: readonly PassedMessage[] = [];
    const bus = new MemoryBus();
    const scripted = {
      connect: (each: BusReceiver) => void (receiver = each),
      setInterest: () => standing,
      read: (_topic: string, since: Since) => {
        reads.push(since);
        return { gap: undefined, messages: kept };
      },
    };
    const hub = new Hub(sharedWith({ bus: Object.assign(bus, scripted) }), {
      logger: new RecordingLogger(),
      verbose: false,
    });
    hub.history('kept', { size: 9 });
    const a = new RecordingSubscriber('a');
    await hub.join(a, 't');
    await hub.join(a, 'kept');
    const receive = (position: string, prev: number, more: Partial<PassedMessage> = {}) =>
      receiver?.receive(passed(position, prev, more));
    const join = async (epoch: string, seq: number, topic = 't', since?: string) => {
      standing = { epoch, seq };
      const late = new RecordingSubscriber(`late ${seq}`);
      await hub.join(late, topic, since === undefined ? {} : { since });
      return late;
    };
    const keep = (...messages: readonly PassedMessage[]) => void (kept = messages);
    return { hub, a, receive, join, reads, keep };
  }

  function passed(position: string, prev: number, more: Partial<PassedMessage> = {}): PassedMessage {
    const [epoch = '', seq] = position.split('-');
    return {
      topic: 't',
      form: 'text',
      payload: position,
      event: undefined,
      except: undefined,
      user: undefined,
      position: { epoch, seq: Number(seq) },
      prev,
      isKept: false,
      ...more,
    };
  }

  const KEPT = { topic: 'kept', isKept: true };

  test('in front of which something is missing is told of, and what comes again is dropped', async () => {
    const { a, receive } = await openScripted();
    receive('e-1', 0);
    receive('e-3', 1);
    receive('e-3', 1);
    receive('e-1', 0);
    receive('e-7', 5);
    receive('e-5', 3);
    receive('e-8', 7);
    expect(seen(a)).toEqual(['e-1', 'e-3', 'gap', 'e-7', 'e-8']);
  });

  test('for one only, shows a hole to the others too', async () => {
    const { a, receive } = await openScripted();
    receive('e-4', 2, { user: 'nobody' });
    receive('e-5', 4);
    expect(seen(a)).toEqual(['gap', 'e-5']);
  });

  test('from another epoch comes behind a gap, and so does what comes after it', async () => {
    const { a, receive } = await openScripted();
    receive('e-1', 0);
    receive('local-1', 0);
    receive('local-2', 1);
    receive('e-2', 1);
    receive('e-3', 2);
    expect(seen(a)).toEqual(['e-1', 'gap', 'local-1', 'local-2', 'gap', 'e-2', 'e-3']);
  });

  test('is nothing that was there before one joined, and no gap in it', async () => {
    const { a, receive, join } = await openScripted();
    receive('e-1', 0);
    const [five, other] = [await join('e', 5), await join('f', 2)];
    receive('e-4', 3);
    receive('e-5', 4);
    receive('e-7', 6);
    receive('f-3', 2);
    expect([seen(a), seen(five)]).toEqual([
      ['e-1', 'gap', 'e-4', 'e-5', 'gap', 'e-7', 'gap', 'f-3'],
      ['gap', 'e-7', 'gap', 'f-3'],
    ]);
    expect(seen(other).at(-1)).toBe('f-3');
  });

  test('behind a hole waits for what the history has of it', async () => {
    const { a, receive, reads, keep } = await openScripted();
    receive('e-1', 0, KEPT);
    keep(passed('e-3', 1, KEPT), passed('e-4', 3, KEPT), passed('e-6', 4, KEPT), passed('e-7', 6, KEPT));
    receive('e-6', 4, KEPT);
    receive('e-7', 6, KEPT);
    receive('e-8', 7, KEPT);
    expect([seen(a), reads]).toEqual([['e-1', 'e-3', 'e-4', 'e-6', 'e-7', 'e-8'], [{ position: 'e-1' }]]);
  });

  test.each([
    [[], ['e-1', 'gap', 'e-6']],
    [[passed('e-4', 3, KEPT)], ['e-1', 'gap', 'e-4', 'e-6']],
    [[passed('e-3', 1, KEPT)], ['e-1', 'gap', 'e-3', 'e-6']],
    [
      [passed('e-2', 1, KEPT), passed('e-4', 3, KEPT)],
      ['e-1', 'gap', 'e-2', 'e-4', 'e-6'],
    ],
  ])('behind a hole comes behind a gap where the history has not all of it: %#', async (kept, expected) => {
    const { a, receive, keep } = await openScripted();
    receive('e-1', 0, KEPT);
    keep(...kept);
    receive('e-6', 4, KEPT);
    expect(seen(a)).toEqual(expected);
  });

  test('was in a replay already where the bus loses it', async () => {
    const { a, receive, join, keep } = await openScripted();
    receive('e-1', 0, KEPT);
    keep(passed('e-1', 0, KEPT), passed('e-2', 1, KEPT));
    const late = await join('e', 1, 'kept', 'earliest');
    keep(passed('e-2', 1, KEPT), passed('e-3', 2, KEPT), passed('e-4', 3, KEPT));
    receive('e-4', 3, KEPT);
    expect([seen(a), seen(late)]).toEqual([
      ['e-1', 'e-2', 'e-3', 'e-4'],
      ['e-1', 'e-2', 'e-3', 'e-4'],
    ]);
  });

  test('of a history from another epoch is no reason to read that: what was seen of it nobody knows', async () => {
    const { a, receive, reads } = await openScripted();
    receive('e-1', 0, KEPT);
    receive('local-1', 0, KEPT);
    receive('e-2', 1, KEPT);
    expect([seen(a), reads]).toEqual([['e-1', 'gap', 'local-1', 'gap', 'e-2'], []]);
    expect(a.got[1]?.data).toEqual({ topic: 'kept', since: 'e-1' });
  });
});

describe('what there is no room for while an answer is waited for', () => {
  const LARGE = 'x'.repeat(600_000);

  async function arrive({ other, bus }: ReturnType<typeof open>, topic: string) {
    for (const n of [1, 2, 3]) await other.publish(topic, `${n} ${LARGE}`);
    while (bus.hasMessages) bus.step('message');
  }

  function shortOf(subscriber: RecordingSubscriber): readonly unknown[] {
    return seen(subscriber).map((data) => String(data).slice(0, 3));
  }

  test.each(['t', 'kept'])('is a gap behind a join of %s', async (topic) => {
    const world = open();
    const { hub, bus, other, a, settle } = world;
    await settle();
    void hub.join(a, topic);
    bus.step('call');
    await arrive(world, topic);
    await settle();
    await other.publish(topic, 'end');
    await settle();
    expect(shortOf(a)).toEqual(['gap', '3 x', 'end']);
  });

  test('is a gap behind a replay', async () => {
    const world = open();
    const { hub, bus, other, a, settle } = world;
    await other.publish('kept', 'old');
    await settle();
    void hub.join(a, 'kept', { since: 'earliest' });
    bus.step('call');
    bus.step('answer');
    await new Promise(setImmediate);
    bus.step('call');
    await arrive(world, 'kept');
    await settle();
    await other.publish('kept', 'end');
    await settle();
    expect(shortOf(a)).toEqual(['old', 'gap', '3 x', 'end']);
  });
});

describe('an answer that never comes', () => {
  /** A hub with a bus in memory, of whose calls the next ones of one kind are not answered. */
  function openSilent() {
    vi.useFakeTimers();
    const topics = new MemoryTopics();
    const bus = new MemoryBus(topics);
    const log = new RecordingLogger();
    const hub = new Hub(sharedWith({ bus }, { logger: log, verbose: false }), { logger: log, verbose: false });
    hub.history('kept', { size: 9 });
    const silence = (method: 'setInterest' | 'publish' | 'presence' | 'enter' | 'read', times = 1) => {
      const real = bus[method].bind(bus) as (...values: readonly unknown[]) => unknown;
      let left = times;
      Object.assign(bus, {
        [method]: (...values: readonly unknown[]) => {
          const answer = real(...values);
          return left-- > 0 ? new Promise(() => {}) : answer;
        },
      });
    };
    /** Something of the topic `kept` arrives. */
    const receive = (seq: number, prev: number, payload = `${seq}`) => {
      const { epoch } = bus.setInterest('kept', 1);
      bus.receiver.receive({
        topic: 'kept',
        form: 'text',
        payload,
        event: undefined,
        except: undefined,
        user: undefined,
        position: { epoch, seq },
        prev,
        isKept: true,
      });
    };
    return { hub, silence, receive, a: new RecordingSubscriber('a') };
  }

  afterEach(() => vi.useRealTimers());

  test('is a failure after a second', async () => {
    const { hub, silence, a } = openSilent();
    silence('publish');
    silence('presence');
    silence('setInterest');
    const outcomes = Promise.allSettled([hub.publish('t', 1), hub.presence('t'), hub.join(a, 't')]);
    await vi.advanceTimersByTimeAsync(1_000);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { status: 503, headers: { 'retry-after': '5' } } });
  });

  test('does not leave a channel outside of what it wants to join', async () => {
    const { hub, silence, a } = openSilent();
    silence('setInterest', 2);
    void hub.join(a, 't', { member: 'ada' });
    await vi.advanceTimersByTimeAsync(4_000);
    await hub.publish('t', 'live');
    expect([seen(a), (await hub.presence('t')).length]).toEqual([['gap', 'live'], 1]);
  });

  test('holds what follows no longer than that', async () => {
    const { hub, silence, a, receive } = openSilent();
    await hub.join(a, 'kept');
    silence('read');
    receive(5, 4);
    receive(6, 5);
    expect(seen(a)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(seen(a)).toEqual(['gap', '5', '6']);
  });
});
