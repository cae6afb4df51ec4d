import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BusMessage, Published, PublishTerms } from '../../src/backplane/bus.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { Hub } from '../../src/hub/hub.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';
import { DelayedBus } from './delayed-bus.ts';
import { RecordingSubscriber } from './recording-subscriber.ts';

const TOPICS = ['plain', 'kept', 'brief'];
/** By subscriber, in which process it is, and who. */
const SUBSCRIBERS: Readonly<Record<string, { readonly end: number; readonly member: string | undefined }>> = {
  a: { end: 0, member: 'ada' },
  b: { end: 0, member: 'bob' },
  c: { end: 0, member: undefined },
  d: { end: 1, member: 'ada' },
  e: { end: 1, member: undefined },
};
const IDS = Object.keys(SUBSCRIBERS);
const ENDS = [0, 1];

const end = fc.constantFrom(...ENDS);
const topic = fc.constantFrom(...TOPICS);
const id = fc.constantFrom(...IDS);
const step = fc.record({
  kind: fc.constant('step' as const),
  end,
  line: fc.constantFrom('call' as const, 'answer' as const, 'message' as const),
  count: fc.constantFrom(1, 1, 2, 100),
});
const cut = fc.record({ kind: fc.constant('cut' as const), end, taken: fc.nat(3), isForgotten: fc.boolean() });
const command = fc.oneof(
  { weight: 30, arbitrary: step },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('publish' as const), end, topic }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      id,
      topic,
      since: fc.constantFrom(undefined, 'earliest'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('leave' as const), id, topic }) },
  { weight: 1, arbitrary: cut },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('restore' as const), end }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), end }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rebirth' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer Each> ? Each : never;

/** One message, and when what was said of it. */
interface Sent {
  readonly n: number;
  readonly calledAt: number;
  acknowledgedAt: number;
}

/** One message as it was numbered. */
interface Numbered {
  readonly n: number;
  readonly epoch: string;
}

/** Keeps what is numbered, in its order. */
class ObservedTopics extends MemoryTopics {
  readonly #numbered: Map<string, Numbered[]>;

  constructor(numbered: Map<string, Numbered[]>) {
    super();
    this.#numbered = numbered;
  }

  override publish(message: BusMessage, terms: PublishTerms): Published | Promise<Published> {
    const published = super.publish(message, terms);
    if (published instanceof Promise) throw new Error('Nothing is published while something is passed on.');
    const n = JSON.parse(message.payload as string) as number;
    this.#numbered.get(message.topic)?.push({ n, epoch: published.position.epoch });
    return published;
  }
}

/** What one subscriber got of one topic from a join to a leave. */
interface Stay {
  readonly id: string;
  readonly topic: string;
  readonly since: string | undefined;
  readonly calledAt: number;
  readonly from: number;
  joinedAt: number | undefined;
  /** It could not be joined at first, and is later. */
  isLate: boolean;
  to: number | undefined;
}

/** Two processes, what they do, and what was said to them. */
class World {
  readonly numbered: Map<string, Numbered[]> = new Map(TOPICS.map((each) => [each, []]));
  readonly sent: Map<number, Sent> = new Map();
  readonly stays: Stay[] = [];
  readonly told: string[] = [];
  readonly subscribers: ReadonlyMap<string, RecordingSubscriber> = new Map(
    IDS.map((each) => [each, new RecordingSubscriber(each)]),
  );
  topics: MemoryTopics = new ObservedTopics(this.numbered);
  readonly buses: readonly DelayedBus[] = ENDS.map(() => new DelayedBus(this.topics));
  readonly hubs: readonly Hub[] = this.buses.map((bus) => this.#openHub(bus));
  now = 0;

  #openHub(bus: DelayedBus): Hub {
    const log = { logger: new RecordingLogger(), verbose: false };
    const hub = new Hub(sharedWith({ bus }, log), log);
    hub.history('kept', { size: 1_000 });
    hub.history('brief', { size: 2 });
    hub.onPresence('*', ({ topic: where, member, kind }) => void this.told.push(`${where} ${member} ${kind}`));
    return hub;
  }

  hubOf(subscriber: string): Hub {
    return this.hubs[SUBSCRIBERS[subscriber]?.end ?? 0] as Hub;
  }

  async play(step: Command): Promise<void> {
    this.now += 1;
    if (step.kind === 'step') for (let n = 0; n < step.count; n += 1) this.buses[step.end]?.step(step.line);
    if (step.kind === 'lose') this.buses[step.end]?.lose();
    if (step.kind === 'publish') this.publish(step.end, step.topic);
    if (step.kind === 'join') this.#join(step.id, step.topic, step.since);
    if (step.kind === 'leave') this.#leave(step.id, step.topic);
    if (step.kind === 'cut') this.buses[step.end]?.cut(step);
    if (step.kind === 'restore') this.buses[step.end]?.restore(this.topics);
    if (step.kind === 'rebirth') {
      this.topics = new ObservedTopics(this.numbered);
      for (const bus of this.buses) bus.cut();
    }
    if (step.kind === 'flush') await this.flush();
    await tick();
  }

  publish(from: number, to: string): void {
    const sent: Sent = { n: this.sent.size + 1, calledAt: this.now, acknowledgedAt: Infinity };
    this.sent.set(sent.n, sent);
    this.hubs[from]?.publish(to, sent.n).then(
      () => (sent.acknowledgedAt = this.now),
      () => {},
    );
  }

  /** Everything that is under way gets to its end. */
  async flush(): Promise<void> {
    do {
      for (const bus of this.buses) for (const line of ['call', 'message', 'answer'] as const) bus.step(line);
      await tick();
    } while (this.buses.some(({ isBusy }) => isBusy));
  }

  /** Who should be in a topic, with how many channels. */
  due(where: string): readonly string[] {
    const present = IDS.filter((each) =>
      this.hubOf(each)
        .topicsOf(this.subscribers.get(each) as RecordingSubscriber)
        .includes(where),
    );
    const members = present.flatMap((each) => SUBSCRIBERS[each]?.member ?? []);
    return [...new Set(members)]
      .sort()
      .map((member) => `${member} ${members.filter((each) => each === member).length}`);
  }

  present(where: string): readonly string[] {
    return this.topics
      .presence(where)
      .map(({ member, channels }) => `${member} ${channels}`)
      .sort();
  }

  #join(who: string, where: string, since: string | undefined): void {
    const subscriber = this.subscribers.get(who) as RecordingSubscriber;
    const hub = this.hubOf(who);
    if (hub.topicsOf(subscriber).includes(where)) return;
    const member = SUBSCRIBERS[who]?.member;
    const stay: Stay = {
      id: who,
      topic: where,
      since,
      calledAt: this.now,
      from: subscriber.got.length,
      joinedAt: undefined,
      isLate: false,
      to: undefined,
    };
    this.#end(who, where);
    this.stays.push(stay);
    const joined = hub.join(subscriber, where, { ...(member && { member }), ...(since && { since }) });
    joined?.then(
      () => (stay.joinedAt = this.now),
      () => (stay.isLate = true),
    );
  }

  #leave(who: string, where: string): void {
    const subscriber = this.subscribers.get(who) as RecordingSubscriber;
    this.#end(who, where);
    void this.hubOf(who).leave(subscriber, where);
  }

  #end(who: string, where: string): void {
    const stay = this.stays.findLast((each) => each.id === who && each.topic === where);
    if (stay !== undefined) stay.to ??= this.subscribers.get(who)?.got.length;
  }
}

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Holds what one subscriber got against what was numbered. */
function check(world: World, stay: Stay): void {
  const numbered = world.numbered.get(stay.topic) ?? [];
  const indexOf = new Map(numbered.map(({ n }, index) => [n, index]));
  const got = (world.subscribers.get(stay.id)?.got ?? [])
    .slice(stay.from, stay.to)
    .filter((each) => each.topic === stay.topic);
  let last: number | undefined;
  let isAfterGap = false;
  for (const { event, data } of got) {
    if (event === 'portlight.gap') {
      isAfterGap = true;
      continue;
    }
    const index = indexOf.get(data as number) as number;
    const { calledAt } = world.sent.get(data as number) as Sent;
    if (last === undefined) {
      const isFirstOfAll = numbered[index]?.epoch !== numbered[index - 1]?.epoch;
      if (stay.since === undefined || stay.topic === 'plain') {
        const before = numbered.slice(0, index).map(({ n }) => world.sent.get(n)?.calledAt ?? 0);
        // Nothing that was published when it had joined is missing in front of the first.
        if (!isAfterGap) expect(Math.max(0, ...before)).toBeLessThanOrEqual(stay.joinedAt ?? Infinity);
      } else if (!isAfterGap && stay.topic === 'kept') expect(isFirstOfAll).toBe(true);
    } else if (isAfterGap) expect(index).toBeGreaterThan(last);
    else expect(index).toBe(last + 1);
    if (stay.since === undefined || stay.topic === 'plain') {
      expect(world.sent.get(data as number)?.acknowledgedAt).toBeGreaterThanOrEqual(stay.calledAt);
    }
    expect(calledAt).toBeLessThanOrEqual(world.now);
    last = index;
    isAfterGap = false;
  }
  if (stay.to === undefined && (stay.isLate || stay.joinedAt !== undefined)) expect(last).toBe(numbered.length - 1);
}

/** Whoever is there has the last message that was sent to it, or knows that it may be missing. */
function checkEnd(world: World, { id: who, topic: where, from, to, joinedAt }: Stay): void {
  const last = world.numbered.get(where)?.at(-1)?.n;
  if (to !== undefined || joinedAt === undefined || last === undefined) return;
  if ((world.sent.get(last)?.calledAt ?? 0) <= joinedAt) return;
  const got = world.subscribers
    .get(who)
    ?.got.slice(from)
    .findLast((each) => each.topic === where);
  expect(got?.event ?? got?.data).toBe(got?.event === undefined ? last : 'portlight.gap');
}

test('however the bus fails: nothing is missed in silence, nothing comes twice, one order, and presence heals at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 150, size: 'max' }), async (commands) => {
      const world = new World();
      for (const step of commands) await world.play(step);
      for (const bus of world.buses) bus.cut();
      await world.flush();
      const due = TOPICS.map((where) => world.due(where));
      for (const bus of world.buses) bus.restore(world.topics);
      for (const bus of world.buses) bus.step('call');
      expect(TOPICS.map((where) => world.present(where))).toEqual(due);
      await world.flush();
      for (const stay of world.stays) checkEnd(world, stay);
      world.now += 1;
      for (const where of TOPICS) world.publish(1, where);
      await world.flush();
      for (const stay of world.stays) check(world, stay);
      for (const where of TOPICS) expect(world.present(where)).toEqual(world.due(where));
      const isOneLife = !commands.some((step) => step.kind === 'rebirth' || (step.kind === 'cut' && step.isForgotten));
      if (isOneLife) checkTold(world);
    }),
    { numRuns: 300 },
  );
}, 60_000);

/**
 * Each name came as often as it left, or is there. The two ends are told of what they did, and nobody orders what one
 * is told against what the other is.
 */
function checkTold(world: World): void {
  for (const where of TOPICS) {
    for (const member of ['ada', 'bob']) {
      const count = (kind: string) => world.told.filter((each) => each === `${where} ${member} ${kind}`).length;
      const isThere = world.present(where).some((each) => each.startsWith(`${member} `));
      expect(count('joined') - count('left')).toBe(isThere ? 1 : 0);
    }
  }
}
