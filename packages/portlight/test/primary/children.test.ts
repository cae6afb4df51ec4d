import { Link } from '@portlight/prefork';
import { joinPorts } from '@portlight/prefork/testing';
import { describe, expect, test } from 'vitest';
import type { BusMessage, MemberChange, PassedMessage, PublishTerms } from '../../src/backplane/bus.ts';
import { SharedState } from '../../src/backplane/shared-state.ts';
import type { HttpError } from '../../src/errors/http-error.ts';
import { Hub } from '../../src/hub/hub.ts';
import { inTime } from '../../src/in-time.ts';
import { ChildBackplane } from '../../src/primary/child-backplane.ts';
import { RecordingSubscriber } from '../hub/recording-subscriber.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { type TestChild, TestFamily } from './open-children.ts';

const PLAIN: PublishTerms = { keep: undefined, once: undefined, isExceptThere: false };

/** What one process hears of a bus. */
class Hearing {
  readonly messages: PassedMessage[] = [];
  readonly heard: string[] = [];

  receive(message: PassedMessage): void {
    this.messages.push(message);
    this.heard.push(String(message.payload).slice(0, 8));
  }

  memberChanged({ kind, member }: MemberChange): void {
    this.heard.push(`${member} ${kind}`);
  }

  interrupted(): void {
    this.heard.push('interrupted');
  }
}

function text(payload: string, more: Partial<BusMessage> = {}): BusMessage {
  return { topic: 't', form: 'text', payload, event: undefined, except: undefined, user: undefined, ...more };
}

function listen({ backplane }: TestChild): Hearing {
  const hearing = new Hearing();
  backplane.bus.connect(hearing);
  return hearing;
}

function openHub(backplane: ChildBackplane): { hub: Hub; changes: string[] } {
  const log = { logger: new RecordingLogger(), verbose: false };
  const hub = new Hub(new SharedState(log, { isAlone: false, make: () => backplane }), log);
  const changes: string[] = [];
  hub.history('t', { size: 100 });
  hub.onPresence('*', ({ member, kind }) => void changes.push(`${member} ${kind}`));
  return { hub, changes };
}

function open(count?: number, maxWaitingBytes?: number): readonly [TestFamily, TestChild, TestChild] {
  const family = new TestFamily(undefined, count, maxWaitingBytes);
  const [one, other] = family.children;
  return [family, one as TestChild, other as TestChild];
}

describe('a child that does not read', () => {
  test('keeps nobody waiting, costs a bounded memory, and hears of it before anything newer', async () => {
    const [family, one, other] = open(2, 100_000);
    const [slow, quick] = [listen(one), listen(other)];
    for (const { backplane } of family.children) await backplane.bus.setInterest('t', 1);
    one.ports[0].hold();
    const payload = 'x'.repeat(10_000);
    for (let n = 0; n < 100; n += 1) await other.backplane.bus.publish(text(`${n} ${payload}`), PLAIN);
    expect(quick.messages.length).toBe(100);
    expect(one.ports[0].pendingBytes).toBeLessThan(120_000);
    expect(slow.heard).toEqual([]);
    one.ports[0].release();
    await family.settle();
    await other.backplane.bus.publish(text('after'), PLAIN);
    await family.settle();
    const kept = slow.messages.length - 1;
    expect(kept).toBeLessThan(15);
    expect(slow.heard.slice(kept)).toEqual(['interrupted', 'after']);
    expect(slow.messages.at(-1)?.prev).toBe(quick.messages[99]?.position.seq);
  });

  test('is told of once, with what it was not given, each time that it has caught up', async () => {
    const [family, one, other] = open(2, 100_000);
    const slow = listen(one);
    for (const { backplane } of family.children) await backplane.bus.setInterest('t', 1);
    const payload = 'x'.repeat(10_000);
    for (const round of [1, 2]) {
      const before = slow.messages.length;
      one.ports[0].hold();
      for (let n = 0; n < 100; n += 1) await other.backplane.bus.publish(text(`${n} ${payload}`), PLAIN);
      expect(family.caughtUp).toHaveLength(round - 1);
      one.ports[0].release();
      await family.settle();
      expect(family.caughtUp.at(-1)).toEqual([one.owner, 100 - (slow.messages.length - before)]);
    }
    expect(family.caughtUp).toHaveLength(2);
  });

  test('reads what it has missed from the history, and says what no history has', async () => {
    const [family, one, other] = open(2, 10_000);
    const [{ hub }, { hub: far }] = [openHub(one.backplane), openHub(other.backplane)];
    const subscriber = new RecordingSubscriber('a');
    await hub.join(subscriber, 't');
    await hub.join(subscriber, 'plain');
    one.ports[0].hold();
    for (let n = 0; n < 50; n += 1) {
      await far.publish('t', `${n} ${'x'.repeat(1_000)}`);
      await far.publish('plain', `${n} ${'x'.repeat(1_000)}`);
    }
    one.ports[0].release();
    await family.settle();
    const got = (topic: string) => subscriber.got.filter((each) => each.topic === topic);
    expect(got('t').map(({ data }) => Number(String(data).split(' ')[0]))).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    );
    expect(got('plain').at(-1)?.event).toBe('portlight.gap');
  });

  test('is still answered, and told of what it has to acknowledge', async () => {
    const [family, one, other] = open(2, 1_000);
    const hearing = listen(one);
    await one.backplane.bus.setInterest('t', 1);
    one.ports[0].hold();
    const answers = [
      one.backplane.bus.enter({ topic: 't', member: 'ada', channel: 'a', info: undefined, remember: false }),
    ];
    for (let n = 0; n < 10; n += 1) await other.backplane.bus.publish(text('x'.repeat(500)), PLAIN);
    answers.push(one.backplane.bus.exit('t', 'ada', 'a'));
    await family.settle();
    one.ports[0].release();
    for (const answer of answers) await answer;
    await family.settle();
    expect(hearing.heard.filter((each) => each.startsWith('ada'))).toEqual(['ada joined', 'ada left']);
    expect(hearing.heard.at(-1)).toBe('interrupted');
  });
});

describe('a child that publishes without waiting', () => {
  test('is refused where the primary has not taken what came before, and goes on when it has', async () => {
    const [family, one] = open(1);
    one.ports[1].hold();
    const payload = new Uint8Array(1_048_576);
    const outcomes = Array.from({ length: 40 }, async () =>
      one.backplane.bus.publish(text('', { form: 'bytes', payload }), PLAIN),
    );
    expect(one.link.pendingBytes).toBeLessThan(18 * 1_048_576);
    one.ports[1].release();
    const settled = await Promise.allSettled(outcomes);
    const taken = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value.position.seq] : []));
    const refused = settled.flatMap((each) => (each.status === 'rejected' ? [(each.reason as HttpError).status] : []));
    expect([taken.length, new Set(refused)]).toEqual([16, new Set([503])]);
    expect(taken).toEqual(taken.map((_, index) => index + 1));
    await family.settle();
    expect((await one.backplane.bus.publish(text('after'), PLAIN)).position.seq).toBe(17);
  });

  test('says again what it has where that could not be said', async () => {
    const [family] = open(0);
    const ports = joinPorts();
    family.desk.serve(new Link(ports[0]), 'of little room');
    const { bus } = new ChildBackplane(new Link(ports[1], { maxPendingBytes: 10_000 }));
    const hearing = new Hearing();
    bus.connect(hearing);
    await bus.setInterest('t', 1);
    ports[1].hold();
    const published = bus.publish(text('x'.repeat(20_000), { topic: 'u' }), PLAIN);
    await expect(async () => bus.setInterest('t', 0)).rejects.toThrow('Too much waits');
    ports[1].release();
    await published;
    await family.settle();
    expect(hearing.heard).toEqual(['interrupted']);
    await bus.restate({ interests: [], presences: [] });
    expect((await bus.publish(text('nobody hears'), PLAIN)).subscribers).toBe(0);
  });
});

test('what is kept holds no more than its own bytes', async () => {
  const [family, one] = open(1);
  const bus = one.backplane.bus;
  const keep = { ...PLAIN, keep: { size: 10, ttlMs: undefined } };
  const bytes = (length: number) => text('', { form: 'bytes', payload: new Uint8Array(length) });
  await Promise.all([bus.publish(bytes(100_000), PLAIN), bus.publish(bytes(10), keep)]);
  const [message] = family.stores.topics.read('t', 'earliest').messages;
  expect((message?.payload as Uint8Array | undefined)?.buffer.byteLength).toBe(10);
  const replay = await bus.read('t', 'earliest');
  expect((replay.messages[0]?.payload as Uint8Array | undefined)?.byteLength).toBe(10);
});

test('an interruption, and what is behind it, is told when the answers before it are where they belong', async () => {
  const ports = joinPorts();
  const primary = new Link(ports[0]);
  const { bus } = new ChildBackplane(new Link(ports[1]));
  const told: string[] = [];
  primary.on('bus.connect', () => {});
  primary.answer('bus.interest', () => {
    // Leaves with the answer, in one piece.
    process.nextTick(() => {
      for (const name of ['bus.interrupted', 'bus.message']) primary.tell(name, { topic: 't', form: 'text' });
    });
    return { data: { epoch: 'e', seq: 1 } };
  });
  bus.connect({
    receive: () => void told.push('message'),
    interrupted: () => void told.push('interrupted'),
    memberChanged() {},
  });
  const answer = inTime(Promise.resolve(bus.setInterest('t', 1)), 1_000, 'the primary');
  await answer.finally(() => told.push('answer'));
  await expect.poll(() => told.length).toBe(3);
  expect(told).toEqual(['answer', 'interrupted', 'message']);
});

describe('a child that died', () => {
  test('leaves nothing: presence, interest, clients and reservations, told once by one that lives', async () => {
    const [family, one, other] = open(2);
    const own = family.stores.end('primary');
    const lost: string[] = [];
    own.clients.connect({ lost: (clients) => void lost.push(...clients.map(({ id }) => `primary ${id}`)) });
    other.backplane.clients.connect({ lost: (clients) => void lost.push(...clients.map(({ id }) => `other ${id}`)) });
    const [hearing, far] = [new Hearing(), listen(other)];
    own.bus.connect(hearing);
    listen(one);
    await one.backplane.bus.setInterest('t', 3);
    await one.backplane.bus.enter({ topic: 't', member: 'ada', channel: 'a', info: undefined, remember: false });
    await one.backplane.clients.reserve('ada', '192.0.2.1', 60_000);
    await one.backplane.clients.commit('ada');
    await one.backplane.clients.reserve('bob', '192.0.2.1', 60_000);
    one.ports[1].close();
    await family.settle();
    expect(await other.backplane.bus.presence('t')).toEqual([]);
    expect((await other.backplane.bus.publish(text('x'), PLAIN)).subscribers).toBe(0);
    expect(await other.backplane.clients.reserve('bob', '192.0.2.1', 60_000)).toBe('reserved');
    expect(await other.backplane.clients.count()).toBe(0);
    await family.settle();
    expect([lost, hearing.heard.filter((each) => each.includes(' ')), far.heard]).toEqual([
      ['other ada'],
      [],
      ['ada left'],
    ]);
  });

  test('is spoken for by the primary where no other lives', async () => {
    const [family, one] = open(1);
    const own = family.stores.end('primary');
    const lost: string[] = [];
    own.clients.connect({ lost: (clients) => void lost.push(...clients.map(({ id }) => id)) });
    const hearing = new Hearing();
    own.bus.connect(hearing);
    listen(one);
    await one.backplane.bus.enter({ topic: 't', member: 'ada', channel: 'a', info: undefined, remember: false });
    await one.backplane.clients.reserve('ada', '', 60_000);
    await one.backplane.clients.commit('ada');
    await family.desk.lose(one.owner);
    expect([lost, hearing.heard]).toEqual([['ada'], ['ada left']]);
    await family.desk.lose(one.owner);
  });

  test('has nothing any more, though it was only taken for dead and goes on speaking', async () => {
    const [family, one] = open(1);
    listen(one);
    const { bus, clients } = one.backplane;
    await family.desk.lose(one.owner);
    for (const call of [
      () => bus.setInterest('t', 1),
      () => bus.enter({ topic: 't', member: 'ada', channel: 'a', info: undefined, remember: false }),
      () => clients.reserve('ada', '', 60_000),
      () => one.backplane.open(),
    ])
      await expect(async () => call()).rejects.toThrow('takes this process for gone');
    expect(family.stores.topics.sizes).toMatchObject({ topics: 0, presence: 0 });
  });

  test('rejects what its link was asked, and nothing hangs', async () => {
    const [, one] = open(1);
    const asked = one.backplane.clients.count();
    one.ports[0].hold();
    one.ports[1].close();
    await expect(asked).rejects.toThrow('The other process is gone');
    await expect(async () => one.backplane.open()).rejects.toThrow('The other process is gone');
  });
});

test('a child that closed hears nothing more, and all again when it opens', async () => {
  const [family, one, other] = open(2);
  const hearing = listen(one);
  await one.backplane.open();
  await one.backplane.bus.setInterest('t', 1);
  await other.backplane.bus.publish(text('1'), PLAIN);
  await one.backplane.close();
  await other.backplane.bus.publish(text('2'), PLAIN);
  await one.backplane.open();
  await one.backplane.bus.setInterest('t', 1);
  await other.backplane.bus.publish(text('3'), PLAIN);
  await family.settle();
  expect(hearing.heard).toEqual(['1', '3']);
});

test('a child that closes acknowledges first what it was told, and nobody else is told that', async () => {
  const [family, one, other] = open(2);
  const told: string[] = [];
  let acknowledge: () => void = () => {};
  const hear = (name: string, { backplane }: TestChild, wait: () => Promise<void>): void =>
    backplane.bus.connect({
      receive() {},
      memberChanged: ({ kind, member }) => {
        told.push(`${name} ${member} ${kind}`);
        return wait();
      },
      interrupted() {},
    });
  hear('one', one, () => new Promise((resolve) => (acknowledge = resolve)));
  hear('other', other, async () => {});
  await one.backplane.open();
  await other.backplane.open();
  await one.backplane.bus.enter({ topic: 't', member: 'ada', channel: 'c', info: undefined, remember: false });
  await family.settle();
  acknowledge();
  void one.backplane.bus.exit('t', 'ada', 'c');
  const closed = one.backplane.close();
  await family.settle();
  acknowledge();
  await closed;
  await family.settle();
  expect(told).toEqual(['one ada joined', 'one ada left']);
});

describe('the hubs of two children and of the primary', () => {
  test('see one chat: a history taken up on another child, an id once, presence told once', async () => {
    const [family, one, other] = open(2);
    const [a, b] = [openHub(one.backplane), openHub(other.backplane)];
    const [ada, bob, back] = ['ada', 'bob', 'back'].map((id) => new RecordingSubscriber(id)) as [
      RecordingSubscriber,
      RecordingSubscriber,
      RecordingSubscriber,
    ];
    await a.hub.join(ada, 't', { member: 'ada' });
    await b.hub.join(bob, 't', { member: 'bob' });
    await b.hub.join(back, 't', { member: 'ada' });
    const first = await a.hub.publish('t', 'one', { id: 'x' });
    expect(await b.hub.publish('t', 'again', { id: 'x' })).toEqual(first);
    expect(first.subscribers).toBe(3);
    await b.hub.publish('t', 'two');
    await family.settle();
    for (const each of [ada, bob, back]) expect(each.data).toEqual(['one', 'two']);
    await a.hub.leave(ada, 't');
    const { id } = await a.hub.publish('t', 'three');
    await b.hub.publish('t', 'four');
    const resumed = new RecordingSubscriber('resumed');
    await b.hub.join(resumed, 't', { since: id as string });
    expect(resumed.data).toEqual(['four']);
    await b.hub.leave(back, 't');
    await family.settle();
    expect([...a.changes, ...b.changes].toSorted()).toEqual(['ada joined', 'ada left', 'bob joined']);
    expect(await a.hub.presence('t')).toMatchObject([{ member: 'bob', channels: 1 }]);
  });

  test('get what the primary publishes, and the primary what they do', async () => {
    const [family, one] = open(1);
    const log = { logger: new RecordingLogger(), verbose: false };
    const hub = new Hub(new SharedState(log, { isAlone: true, make: () => family.stores.own('primary') }), log);
    const child = openHub(one.backplane);
    const [near, far] = [new RecordingSubscriber('near'), new RecordingSubscriber('far')];
    await hub.join(near, 't');
    await child.hub.join(far, 't');
    expect((await hub.publish('t', { n: 1 })).subscribers).toBe(2);
    await child.hub.publish('t', 'ä😀');
    await child.hub.publish('t', new Uint8Array([0, 255]));
    await family.settle();
    for (const each of [near, far]) {
      expect(each.data.slice(0, 2)).toEqual([{ n: 1 }, 'ä😀']);
      expect([...(each.data[2] as Uint8Array)]).toEqual([0, 255]);
    }
  });
});
