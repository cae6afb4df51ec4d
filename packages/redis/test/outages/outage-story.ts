import { setTimeout as delay } from 'node:timers/promises';
import type { ExpectStatic } from 'vitest';
import { freshPrefix } from '../support/open-link.ts';
import { AppMachine, type MachineTerms } from './app-machine.ts';
import { follow, listen, type Listener } from './listener.ts';
import { Traffic } from './traffic.ts';

/** How long machines wait for one another after a rebirth of Redis, with what a busy machine needs besides. */
const SETTLED_MS = 2_600;
/** What is promised is 2 s, on a machine that is not busy with many such tests. */
const HEALED_MS = 10_000;

export interface StoryTerms {
  /** Where each of the two machines reaches Redis. */
  readonly urls: readonly [MachineTerms['url'], MachineTerms['url']];
  /** Until here Redis knows in the end what happened; then somebody leaves who is told of before it goes away. */
  readonly saved?: () => unknown;
  /** What happens to Redis. */
  readonly away: (prefix: string) => unknown;
  /** For how long, in ms. @default 1_500 */
  readonly awayMs?: number;
  /** What ends it. */
  readonly back?: () => unknown;
  /** Whose logs say that Redis went away and came back. @default both */
  readonly cutOff?: readonly string[];
  /** @default 10_000 */
  readonly lostAfterMs?: number;
  /** What handlers of presence are told besides. */
  readonly alsoTold?: readonly string[];
  /** Whether what is told and listed of members is right in the end. @default true */
  readonly keepsPresence?: boolean;
}

type Machines = readonly [AppMachine, AppMachine];
type Topic = 'live' | 'kept';
type Listeners = readonly (readonly [Topic, Listener])[];

/** Two machines with clients and traffic, an outage, and all that is promised of it. */
export async function tellOutage(expect: ExpectStatic, terms: StoryTerms): Promise<void> {
  const opened: AsyncDisposable[] = [];
  const use = <Opened extends AsyncDisposable>(each: Opened): Opened => {
    opened.unshift(each);
    return each;
  };
  try {
    await tell(expect, terms, use);
  } finally {
    for (const each of opened) await each[Symbol.asyncDispose]();
  }
}

async function tell(
  expect: ExpectStatic,
  terms: StoryTerms,
  use: <Opened extends AsyncDisposable>(each: Opened) => Opened,
): Promise<void> {
  const { urls, saved = () => {}, away, awayMs = 1_500, back = () => {}, lostAfterMs = 10_000 } = terms;
  const prefix = freshPrefix();
  const open = async (name: string, url: MachineTerms['url']): Promise<AppMachine> =>
    use(await AppMachine.open({ name, url, prefix, lostAfterMs }));
  const machines = [await open('a', urls[0]), await open('b', urls[1])] as const;
  const [a, b] = machines;
  const join = async (machine: AppMachine, member: string): Promise<Listener> =>
    use(await listen(machine, 'live', member));

  const listeners: Listeners = [
    ['live', await join(a, 'ada')],
    ['live', await join(b, 'bob')],
    ['live', await join(a, 'both')],
    ['live', await join(b, 'both')],
    ['live', use(await follow(b, 'live'))],
    ['kept', use(await listen(a, 'kept'))],
    ['kept', use(await listen(b, 'kept'))],
  ];
  const [early, gone] = [await join(a, 'early'), await join(a, 'gone')];
  const traffic = use(new Traffic(machines, ['live', 'kept']));
  await expect.poll(() => listeners.every(([, { heard }]) => heard.length > 20)).toBe(true);

  await saved();
  await early[Symbol.asyncDispose]();
  await expect.poll(() => a.told).toContain('left early');
  // What was told and not acknowledged may be told once more.
  await expect.poll(() => a.server.presence('live').then((all) => all.length)).toBe(4);
  await away(prefix);
  const isBackAt = performance.now() + awayMs;
  await delay(Math.min(200, awayMs / 2));
  await gone[Symbol.asyncDispose]();
  const coming = [join(b, 'fresh'), join(a, 'both')];
  await delay(Math.max(0, isBackAt - performance.now()));
  await back();
  const backAt = performance.now();

  await heal(expect, machines, listeners, traffic);
  expect(performance.now() - backAt).toBeLessThan(HEALED_MS);
  await Promise.all(coming);
  if (terms.keepsPresence ?? true) await expectPresence(expect, machines, terms.alsoTold ?? []);
  await traffic.stop();
  await expectLast(expect, machines, listeners, traffic);
  expect(listeners.flatMap(([topic, each]) => traffic.faultsOf(each, topic))).toEqual([]);
  expect(traffic.answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(traffic.slowestMs('/limited')).toBeLessThan(traffic.slowestMs('/plain') + 1_500);
  for (const machine of machines) expectLog(expect, machine, terms.cutOff ?? ['a', 'b']);

  // Nothing comes late that was told before.
  await delay(Math.max(0, backAt + SETTLED_MS - performance.now()));
  if (terms.keepsPresence ?? true) await expectPresence(expect, machines, terms.alsoTold ?? []);
}

/** Resolves when what each machine publishes reaches the other one. */
async function heal(expect: ExpectStatic, [a, b]: Machines, listeners: Listeners, traffic: Traffic): Promise<void> {
  for (const [machine, other] of [
    [a, b],
    [b, a],
  ] as const)
    for (const topic of ['live', 'kept'] as const) {
      const [, there] = listeners.find(([of, { at }]) => of === topic && at === other) as Listeners[number];
      await expect
        .poll(async () => {
          const said = await traffic.publish(machine, topic);
          await delay(30);
          return said !== undefined && there.heard.includes(said);
        })
        .toBe(true);
    }
}

/** Who went meanwhile has left, who came is there, and each was told once. */
async function expectPresence(expect: ExpectStatic, [a, b]: Machines, also: readonly string[]): Promise<void> {
  const joined = ['ada', 'bob', 'both', 'early', 'fresh', 'gone'].map((member) => `joined ${member}`);
  const told = [...joined, 'left early', 'left gone', ...also].toSorted();
  await expect.poll(() => [...a.told, ...b.told].toSorted()).toEqual(told);
  for (const { server } of [a, b]) {
    const present = async (): Promise<readonly string[]> =>
      (await server.presence('live')).map(({ member, channels }) => `${member} ${channels}`).toSorted();
    await expect.poll(present).toEqual(['ada 1', 'bob 1', 'both 3', 'fresh 1']);
  }
}

/** What is published at last arrives everywhere, and nothing behind it. */
async function expectLast(
  expect: ExpectStatic,
  machines: Machines,
  listeners: Listeners,
  traffic: Traffic,
): Promise<void> {
  for (const machine of machines)
    for (const topic of ['live', 'kept'] as const) {
      const said = await traffic.publish(machine, topic);
      for (const [of, listener] of listeners)
        if (of === topic) await expect.poll(() => listener.heard.at(-1), { message: listener.name }).toBe(said);
    }
}

/** One line says that Redis is away, one that it is back. */
function expectLog(expect: ExpectStatic, { name, said }: AppMachine, cutOff: readonly string[]): void {
  const count = said.filter((each) => each === 'away').length;
  expect({ name, count }).toEqual({ name, count: cutOff.includes(name) ? 1 : 0 });
  if (count > 0) expect(said.slice(said.indexOf('away'))).toContain('back');
  expect(said.join(' ')).not.toContain('back back');
}
