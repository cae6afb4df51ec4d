import { expect } from 'vitest';
import type { Bus, BusMessage, Published, PublishTerms } from '../../src/backplane/bus.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';
import { textOf } from '../../src/backplane/text-of.ts';
import { Hub } from '../../src/hub/hub.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { sharedWith } from '../support/shared-with.ts';
import type { Cut } from './delayed-bus.ts';
import { RecordingSubscriber } from './recording-subscriber.ts';

export const TOPICS: readonly string[] = ['plain', 'kept', 'brief'];
/** By subscriber, in which process it is, and who. */
const SUBSCRIBERS: Readonly<Record<string, { readonly end: number; readonly member: string | undefined }>> = {
  a: { end: 0, member: 'ada' },
  b: { end: 0, member: 'bob' },
  c: { end: 0, member: undefined },
  d: { end: 1, member: 'ada' },
  e: { end: 1, member: undefined },
};
export const IDS: readonly string[] = Object.keys(SUBSCRIBERS);
export const ENDS: readonly number[] = [0, 1];

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
    const { payload } = message;
    const n = JSON.parse(typeof payload === 'string' ? payload : textOf(payload)) as number;
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

/** The bus of one process, and what makes it move. */
export interface SteppedBus {
  readonly bus: Bus;
  /** Whether something is under way. */
  readonly isBusy: boolean;
  /** One thing of this kind gets to its end. */
  step(kind: 'call' | 'answer' | 'message'): void;
  lose?(): void;
  cut?(cut?: Cut): void;
  restore?(topics: MemoryTopics): void;
}

/** What may happen next. */
export type WorldStep =
  | {
      readonly kind: 'step';
      readonly end: number;
      readonly line: 'call' | 'answer' | 'message';
      readonly count: number;
    }
  | { readonly kind: 'publish'; readonly end: number; readonly topic: string }
  | { readonly kind: 'join'; readonly id: string; readonly topic: string; readonly since: string | undefined }
  | { readonly kind: 'leave'; readonly id: string; readonly topic: string }
  | ({ readonly kind: 'cut'; readonly end: number } & Cut)
  | { readonly kind: 'lose' | 'restore'; readonly end: number }
  | { readonly kind: 'flush' | 'rebirth' };

/** Two processes, what they do, and what was said to them. */
export class World {
  readonly numbered: Map<string, Numbered[]> = new Map(TOPICS.map((each) => [each, []]));
  readonly sent: Map<number, Sent> = new Map();
  readonly stays: Stay[] = [];
  readonly told: string[] = [];
  readonly subscribers: ReadonlyMap<string, RecordingSubscriber> = new Map(
    IDS.map((each) => [each, new RecordingSubscriber(each)]),
  );
  topics: MemoryTopics = new ObservedTopics(this.numbered);
  readonly buses: readonly SteppedBus[];
  readonly hubs: readonly Hub[];
  now = 0;

  /** @param open makes the bus of each process; nothing of it moves by itself */
  constructor(open: (topics: MemoryTopics) => readonly SteppedBus[]) {
    this.buses = open(this.topics);
    this.hubs = this.buses.map(({ bus }) => this.#openHub(bus));
  }

  #openHub(bus: Bus): Hub {
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

  async play(step: WorldStep): Promise<void> {
    this.now += 1;
    if (step.kind === 'step') for (let n = 0; n < step.count; n += 1) this.buses[step.end]?.step(step.line);
    if (step.kind === 'lose') this.buses[step.end]?.lose?.();
    if (step.kind === 'publish') this.publish(step.end, step.topic);
    if (step.kind === 'join') this.#join(step.id, step.topic, step.since);
    if (step.kind === 'leave') this.#leave(step.id, step.topic);
    if (step.kind === 'cut') this.buses[step.end]?.cut?.(step);
    if (step.kind === 'restore') this.buses[step.end]?.restore?.(this.topics);
    if (step.kind === 'rebirth') {
      this.topics = new ObservedTopics(this.numbered);
      for (const bus of this.buses) bus.cut?.();
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
export function check(world: World, stay: Stay): void {
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
export function checkEnd(world: World, { id: who, topic: where, from, to, joinedAt }: Stay): void {
  const last = world.numbered.get(where)?.at(-1)?.n;
  if (to !== undefined || joinedAt === undefined || last === undefined) return;
  if ((world.sent.get(last)?.calledAt ?? 0) <= joinedAt) return;
  const got = world.subscribers
    .get(who)
    ?.got.slice(from)
    .findLast((each) => each.topic === where);
  expect(got?.event ?? got?.data).toBe(got?.event === undefined ? last : 'portlight.gap');
}

/**
 * Each name came as often as it left, or is there. The two ends are told of what they did, and nobody orders what one
 * is told against what the other is.
 */
export function checkTold(world: World): void {
  for (const where of TOPICS) {
    for (const member of ['ada', 'bob']) {
      const count = (kind: string) => world.told.filter((each) => each === `${where} ${member} ${kind}`).length;
      const isThere = world.present(where).some((each) => each.startsWith(`${member} `));
      expect(count('joined') - count('left')).toBe(isThere ? 1 : 0);
    }
  }
}
