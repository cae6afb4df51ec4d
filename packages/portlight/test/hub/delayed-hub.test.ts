import { describe, expect, test } from 'vitest';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { Hub } from '../../src/hub/hub.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';
import { DelayedBus } from './delayed-bus.ts';
import { RecordingSubscriber } from './recording-subscriber.ts';

type Kind = 'call' | 'answer' | 'message';

function open(): {
  hub: Hub;
  bus: DelayedBus;
  far: MemoryTopics;
  a: RecordingSubscriber;
  b: RecordingSubscriber;
  move: (...kinds: Kind[]) => Promise<void>;
  moveAll: () => Promise<void>;
} {
  const far = new MemoryTopics();
  const bus = new DelayedBus(far);
  const hub = new Hub(sharedWith({ bus }), { logger: new RecordingLogger(), verbose: false });
  const move = async (...kinds: Kind[]) => {
    for (const kind of kinds) {
      bus.step(kind);
      await new Promise(setImmediate);
    }
  };
  const moveAll = async () => {
    while (bus.isBusy) await move('call', 'message', 'answer');
  };
  return { hub, bus, far, a: new RecordingSubscriber('a'), b: new RecordingSubscriber('b'), move, moveAll };
}

describe('a join that has to wait', () => {
  test('is a promise of its own, which joining again waits for', async () => {
    const { hub, a, b, move, moveAll } = open();
    const done: string[] = [];
    void hub.join(a, 't')?.then(() => done.push('a'));
    void hub.join(b, 't', { member: 'bob' })?.then(() => done.push('b'));
    void hub.join(a, 't', { member: 'ada' })?.then(() => done.push('a again'));
    expect([hub.topicsOf(a), done]).toEqual([['t'], []]);
    await move('call', 'answer');
    expect(done).toEqual(['a']);
    await moveAll();
    expect(done).toEqual(['a', 'a again', 'b']);
    const present = hub.presence('t');
    await moveAll();
    expect((await present).map(({ member }) => member)).toEqual(['ada', 'bob']);
  });

  test('gets nothing that is left over from a stay before', async () => {
    const { hub, a, move, moveAll } = open();
    void hub.join(a, 't');
    await moveAll();
    void hub.publish('t', 'before');
    await move('call', 'answer');
    void hub.leave(a, 't');
    void hub.join(a, 't');
    await moveAll();
    expect(a.data).toEqual([]);
    void hub.publish('t', 'after');
    await moveAll();
    expect(a.data).toEqual(['after']);
  });

  test('gets nothing that was answered before it, though others still wait for it', async () => {
    const { hub, a, b, move, moveAll } = open();
    void hub.join(b, 't');
    await moveAll();
    const published = hub.publish('t', 'before');
    await move('call', 'answer');
    await published;
    void hub.join(a, 't');
    void hub.publish('t', 'after');
    await move('message', 'call', 'answer', 'call');
    await moveAll();
    expect([a.data, b.data]).toEqual([['after'], ['before', 'after']]);
  });

  test('writes the replay before what came meanwhile, and nothing twice', async () => {
    const { hub, a, b, move, moveAll } = open();
    hub.history('t', { size: 9 });
    void hub.join(b, 't');
    void hub.publish('t', 1);
    await moveAll();
    void hub.publish('t', 2);
    void hub.join(a, 't', { since: 'earliest' });
    await move('call', 'call', 'message');
    void hub.publish('t', 3);
    await move('call', 'message');
    expect(a.data).toEqual([]);
    await moveAll();
    expect([a.data, b.data]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  test('ends in silence when it is left', async () => {
    const { hub, far, a, moveAll, move } = open();
    hub.history('t', { size: 9 });
    void hub.publish('t', 1);
    await moveAll();
    const joined = hub.join(a, 't', { since: 'earliest', member: 'ada' });
    await move('call', 'message', 'call');
    hub.leaveAll(a);
    await moveAll();
    await joined;
    expect([a.data, hub.sizes, far.presence('t')]).toEqual([[], { topics: 0, subscribers: 0 }, []]);
  });

  test('ends a replay in which the member leaves', async () => {
    const { hub, a, moveAll } = open();
    hub.history('t', { size: 9 });
    for (const n of [1, 2, 3]) void hub.publish('t', n);
    await moveAll();
    a.onDeliver = ({ data }) => void (data === 2 && hub.leave(a, 't'));
    void hub.join(a, 't', { since: 'earliest' });
    await moveAll();
    expect(a.data).toEqual([1, 2]);
  });
});

describe('a bus that cannot be reached', () => {
  test.each([0, 1, 2])('fails a join at step %i, and nothing is left of it but that it is wanted', async (steps) => {
    const { hub, bus, far, a, move, moveAll } = open();
    hub.history('t', { size: 9 });
    const joined = hub.join(a, 't', { member: 'ada', since: 'earliest' });
    const outcome = Promise.allSettled([joined, hub.join(a, 't', { info: 1 })]);
    for (let n = 0; n < steps; n += 1) await move('call', 'message', 'answer');
    bus.isBroken = true;
    await moveAll();
    const failure = { status: 'rejected', reason: { status: 503, cause: { message: 'The bus cannot be reached.' } } };
    expect(await outcome).toMatchObject([failure, failure]);
    // With the third it is in the topic, but not in presence.
    const isJoined = steps === 2;
    expect([hub.sizes, hub.topicsOf(a)]).toEqual(
      isJoined ? [{ topics: 1, subscribers: 2 }, ['t']] : [{ topics: 0, subscribers: 1 }, []],
    );
    bus.isBroken = false;
    void hub.join(a, 't', { member: 'ada' });
    await moveAll();
    expect(far.presence('t')).toHaveLength(1);
  });

  test('fails what is published, and what leaves has left', async () => {
    const { hub, bus, a, moveAll } = open();
    void hub.join(a, 't', { member: 'ada' });
    await moveAll();
    bus.isBroken = true;
    const outcome = Promise.allSettled([hub.publish('t', 1), hub.presence('t'), hub.leave(a, 't')]);
    await moveAll();
    expect((await outcome).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(hub.sizes).toEqual({ topics: 0, subscribers: 0 });
  });
});
