import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { Hub, type JoinOptions } from '../../src/hub/hub.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';
import { DelayedBus } from './delayed-bus.ts';
import { HubModel, type Seen } from './hub-model.ts';
import { RecordingSubscriber } from './recording-subscriber.ts';

const TOPICS = ['plain', 'kept:1', 'kept:2', 'brief'];
const MEMBERS = ['a', 'b', 'c', 'd'];
const KEPT = { size: 3, ttlMs: 1_000_000 };
const BRIEF = { size: 5, ttlMs: 10 };

const topic = fc.constantFrom(...TOPICS);
const member = fc.constantFrom(...MEMBERS);
const name = fc.constantFrom(undefined, 'ada', 'bob');
const since = fc.oneof(
  fc.constantFrom(undefined, 'earliest' as const, 'left' as const, 'foreign' as const),
  fc.nat(30),
);
const command = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), member, topic, name, since }),
  fc.record({ kind: fc.constant('leave' as const), member, topic }),
  fc.record({ kind: fc.constant('leaveAll' as const), member }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 12 }) }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      topic,
      user: name,
      except: fc.option(member, { nil: undefined }),
    }),
  },
);

function setHistories(hub: Hub): void {
  hub.history('kept:*', KEPT);
  hub.history('brief', BRIEF);
}

test('whatever comes when: each member gets each message once, in order, and presence is told once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
      const model = new HubModel((name) => (name.startsWith('kept:') ? KEPT : name === 'brief' ? BRIEF : undefined));
      const hub = new Hub(sharedWith({ bus: new MemoryBus(new MemoryTopics({ now: () => model.now })) }), {
        logger: new RecordingLogger(),
        verbose: false,
      });
      setHistories(hub);
      const changes: string[] = [];
      hub.onPresence(
        '*',
        (change) => void changes.push(`${change.topic} ${change.kind === 'joined' ? '+' : '-'}${change.member}`),
      );
      const members = new Map(MEMBERS.map((id) => [id, new RecordingSubscriber(id)]));
      const of = (id: string) => members.get(id) as RecordingSubscriber;
      hub.history('probe', { size: 1 });
      const epoch = (await hub.publish('probe', 0)).id?.split('-')[0] ?? '';
      let n = 0;
      for (const step of commands) {
        if (step.kind === 'wait') model.now += step.ms;
        if (step.kind === 'leave') {
          void hub.leave(of(step.member), step.topic);
          model.leave(step.member, step.topic);
        }
        if (step.kind === 'leaveAll') {
          const topics = hub.topicsOf(of(step.member));
          expect([...topics].sort()).toEqual([...model.topicsOf(step.member)].sort());
          void hub.leaveAll(of(step.member));
          for (const left of topics) model.leave(step.member, left);
        }
        if (step.kind === 'publish') {
          n += 1;
          const [user, except] = [step.user && { user: step.user }, step.except && { except: step.except }];
          const subscribers = model.publish(step.topic, n, step.user, step.except);
          expect((await hub.publish(step.topic, n, { ...user, ...except })).subscribers).toBe(subscribers);
        }
        if (step.kind === 'join') {
          const asked = step.since === 'left' && step.name === undefined ? undefined : step.since;
          // The probe was the first that was numbered.
          const text =
            typeof asked === 'number' ? `${epoch}-${asked + 1}` : asked === 'foreign' ? 'elsewhere-1' : asked;
          const options: JoinOptions = { ...(step.name && { member: step.name }), ...(text && { since: text }) };
          expect(hub.join(of(step.member), step.topic, options)).toBeUndefined();
          model.join(step.member, step.topic, step.name, asked);
        }
      }
      for (const id of MEMBERS) {
        const seen = of(id).got.map(({ topic, event, data }): Seen => [
          topic,
          event === 'portlight.gap' ? 'gap' : (data as number),
        ]);
        expect(seen).toEqual(model.seen.get(id) ?? []);
      }
      expect(changes).toEqual(model.changes);
      for (const each of TOPICS)
        expect((await hub.presence(each)).map((present) => present.member)).toEqual(model.presence(each));
      for (const id of MEMBERS) void hub.leaveAll(of(id));
      expect(hub.sizes).toEqual({ topics: 0, subscribers: 0 });
    }),
    { numRuns: 300 },
  );
});

/** What one member got of one topic from one join to the leave, and what it could have got. */
interface Stay {
  readonly member: RecordingSubscriber;
  readonly since: string | undefined;
  readonly from: number;
  to: number;
  /** How much was published when the join was complete. */
  joinedAt: number | undefined;
  /** How much had arrived when it left; `undefined` while it is there. */
  leftAt: number | undefined;
}

const move = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('call' as const, 'answer' as const, 'message' as const) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('publish' as const), topic: fc.constantFrom('t', 'u') }) },
  fc.record({
    kind: fc.constant('join' as const),
    member,
    topic: fc.constantFrom('t', 'u'),
    since: fc.constantFrom(undefined, 'earliest'),
  }),
  fc.record({ kind: fc.constant('leave' as const), member, topic: fc.constantFrom('t', 'u') }),
);

test('where answers and messages take their time: no gap, no duplicate, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 80 }), async (moves) => {
      const bus = new DelayedBus();
      const hub = new Hub(sharedWith({ bus }), { logger: new RecordingLogger(), verbose: false });
      hub.history('t', { size: 1_000 });
      hub.history('u', { size: 1_000 });
      const members = new Map(MEMBERS.map((id) => [id, new RecordingSubscriber(id)]));
      /** What the bus has numbered, in its order, by topic. */
      const published = new Map([
        ['t', [] as number[]],
        ['u', [] as number[]],
      ]);
      const stays = new Map<string, Stay[]>();
      let n = 0;
      const settle = () => new Promise(setImmediate);
      const flush = async () => {
        while (bus.isBusy) {
          for (const kind of ['call', 'message', 'answer'] as const) bus.step(kind);
          await settle();
        }
      };
      for (const step of moves) {
        if (step.kind === 'publish') {
          n += 1;
          const mine = n;
          void hub.publish(step.topic, mine).then(() => published.get(step.topic)?.push(mine));
        } else if (step.kind === 'join') {
          const at = members.get(step.member) as RecordingSubscriber;
          if (hub.topicsOf(at).includes(step.topic)) continue;
          const stay: Stay = {
            member: at,
            since: step.since,
            from: at.got.length,
            to: Infinity,
            joinedAt: undefined,
            leftAt: undefined,
          };
          const key = `${step.member} ${step.topic}`;
          stays.set(key, [...(stays.get(key) ?? []), stay]);
          const joined = hub.join(at, step.topic, step.since ? { since: step.since } : {});
          void joined?.then(() => (stay.joinedAt = n));
          if (joined === undefined) stay.joinedAt = n;
        } else if (step.kind === 'leave') {
          const at = members.get(step.member) as RecordingSubscriber;
          const stay = stays.get(`${step.member} ${step.topic}`)?.at(-1);
          if (stay === undefined || stay.leftAt !== undefined) continue;
          stay.to = at.got.length;
          stay.leftAt = n;
          void hub.leave(at, step.topic);
        } else {
          bus.step(step.kind);
          await settle();
        }
      }
      await flush();
      for (const [key, all] of stays) {
        const name = key.split(' ')[1] as string;
        const numbered = published.get(name) as number[];
        for (const stay of all) {
          const got = stay.member.got
            .slice(stay.from, stay.to)
            .filter(({ topic }) => topic === name)
            .map(({ data }) => data as number);
          const start = numbered.indexOf(got[0] ?? -1);
          // Contiguous, hence in order and once each.
          if (got.length > 0) expect(got).toEqual(numbered.slice(start, start + got.length));
          if (stay.leftAt !== undefined || stay.joinedAt === undefined) continue;
          // It is still there, so that nothing may be missing behind its beginning.
          const due = numbered.filter((each) => each > (stay.joinedAt as number));
          expect(got).toEqual(
            stay.since === 'earliest' ? numbered : numbered.slice(Math.max(0, numbered.length - got.length)),
          );
          expect(got).toEqual(expect.arrayContaining(due));
        }
      }
      for (const at of members.values()) void hub.leaveAll(at);
      await flush();
      expect(hub.sizes).toEqual({ topics: 0, subscribers: 0 });
    }),
    { numRuns: 150 },
  );
});
