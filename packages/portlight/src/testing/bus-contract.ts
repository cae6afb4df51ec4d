import assert from 'node:assert/strict';
import type {
  Bus,
  BusMessage,
  BusReceiver,
  ChannelPresence,
  MemberChange,
  PassedMessage,
  Position,
  ProcessState,
  PublishTerms,
  Retention,
  Since,
} from '../backplane/bus.ts';

/** The buses of one case: the ends of several processes, joined. */
export interface OpenBuses {
  /** At least three, of different processes that live; nothing was published, and nobody is there. */
  readonly ends: readonly Bus[];
  /**
   * Lets the time go on, for what is kept and for the ids of publications. It need not stand still otherwise, as long
   * as no case takes half a second of it.
   */
  advance(ms: number): void | Promise<void>;
  /** Resolves when all that was said has arrived. */
  settle(): void | Promise<void>;
  /** Ends the process of an end without a word, and resolves when that is known. */
  lose(end: Bus): void | Promise<void>;
  /**
   * Cuts an end off from the others, which take it for alive meanwhile. Left out with `mend` where a bus cannot be cut
   * off; then the cases of an outage hold of themselves.
   */
  cut?(end: Bus): void | Promise<void>;
  /** Lets an end that was cut off reach the others again, and resolves when it can. */
  mend?(end: Bus): void | Promise<void>;
  close(): void | Promise<void>;
}

/** One sentence that holds for every bus. */
export interface BusCase {
  readonly name: string;
  /**
   * Rejects with an `AssertionError` where the sentence does not hold.
   *
   * @param open makes buses that are empty; the case closes them
   */
  readonly run: (open: () => OpenBuses | Promise<OpenBuses>) => Promise<void>;
}

const FOREVER: Retention = { size: 10, ttlMs: undefined };
const PLAIN: PublishTerms = { keep: undefined, once: undefined, isExceptThere: false };
const KEPT: PublishTerms = { ...PLAIN, keep: FOREVER };

/** Keeps what a process is told. */
class RecordingReceiver implements BusReceiver {
  readonly messages: PassedMessage[] = [];
  readonly changes: MemberChange[] = [];
  /** What it answers to a change. */
  acknowledge: () => void | Promise<void> = () => {};

  receive(message: PassedMessage): void {
    this.messages.push(message);
  }

  memberChanged(change: MemberChange): void | Promise<void> {
    this.changes.push(change);
    return this.acknowledge();
  }

  /** How often it was told. */
  interruptions = 0;

  interrupted(): void {
    this.interruptions += 1;
  }
}

/** The buses of one case, and what their processes were told. */
class Trial {
  readonly a: Bus;
  readonly b: Bus;
  readonly c: Bus;
  readonly opened: OpenBuses;
  readonly #receivers: Map<Bus, RecordingReceiver> = new Map();

  constructor(opened: OpenBuses) {
    this.opened = opened;
    const [a, b, c] = opened.ends;
    assert.ok(a !== undefined && b !== undefined && c !== undefined, 'the ends of three processes');
    [this.a, this.b, this.c] = [a, b, c];
    for (const end of opened.ends) {
      const receiver = new RecordingReceiver();
      this.#receivers.set(end, receiver);
      end.connect(receiver);
    }
  }

  at(end: Bus): RecordingReceiver {
    return this.#receivers.get(end) as RecordingReceiver;
  }

  /** What has arrived at an end, once all has. */
  async arrived(end: Bus): Promise<readonly PassedMessage[]> {
    await this.opened.settle();
    return this.at(end).messages;
  }

  async payloads(end: Bus, topic?: string): Promise<readonly unknown[]> {
    const messages = await this.arrived(end);
    return messages.filter((each) => topic === undefined || each.topic === topic).map(({ payload }) => payload);
  }

  /** What was told of members, in all processes, in short. */
  async changes(): Promise<readonly string[]> {
    await this.opened.settle();
    return this.opened.ends.flatMap((end) =>
      this.at(end).changes.map(({ topic, kind, member }) => `${topic} ${member} ${kind}`),
    );
  }

  async publish(end: Bus, topic: string, payload: string, terms: PublishTerms = PLAIN): Promise<Position> {
    return (await end.publish(message(topic, payload), terms)).position;
  }

  /** @returns `undefined` where that fails */
  async tryToPublish(end: Bus, topic: string, payload: string): Promise<Position | undefined> {
    return this.publish(end, topic, payload).catch(() => undefined);
  }

  async publishKept(end: Bus, topic: string, ...payloads: readonly string[]): Promise<readonly Position[]> {
    const positions: Position[] = [];
    for (const payload of payloads) positions.push(await this.publish(end, topic, payload, KEPT));
    return positions;
  }

  async read(end: Bus, topic: string, since: Since): Promise<readonly unknown[]> {
    const { gap, messages } = await end.read(topic, since);
    return [...(gap === undefined ? [] : ['gap']), ...messages.map(({ payload }) => payload)];
  }

  async namesIn(end: Bus, topic: string): Promise<readonly string[]> {
    return (await end.presence(topic)).map(({ member, channels }) => `${member} ${channels}`);
  }
}

/**
 * What a `Bus` must do, as a table for any test runner:
 *
 * @example
 * for (const { name, run } of busContract) test(name, () => run(() => openMyBuses()));
 */
export const busContract: readonly BusCase[] = [
  define('passes on what is published while there is interest, and no other topic', async (trial) => {
    const { a } = trial;
    await trial.publish(a, 't', 'before');
    await a.setInterest('t', 1);
    await a.setInterest('u', 1);
    await trial.publish(a, 't', '1');
    await trial.publish(a, 'T', 'other');
    await a.setInterest('u', 0);
    await trial.publish(a, 'u', 'after');
    await a.setInterest('t', 7);
    await a.setInterest('t', 2);
    await trial.publish(a, 't', '2');
    await a.setInterest('t', 0);
    await a.setInterest('t', 0);
    await trial.publish(a, 't', 'after');
    assert.deepEqual(await trial.payloads(a), ['1', '2']);
  }),

  define('passes a message on as it was', async (trial) => {
    const { a, b } = trial;
    for (const end of [a, b]) await end.setInterest('t', 1);
    const messages = [
      message('t', '😀 \u0000\r\n'),
      message('t', ''),
      message('t', new Uint8Array([0, 255, 10])),
      message('t', new Uint8Array()),
      message('t', '{"a":1}', { form: 'json', event: 'e', except: 'x', user: '__proto__' }),
    ];
    for (const each of messages) await a.publish(each, PLAIN);
    for (const end of [a, b]) {
      const arrived = (await trial.arrived(end)).map(({ topic, form, payload, event, except, user }) => {
        const bytes = typeof payload === 'string' ? payload : new Uint8Array(payload);
        return { topic, form, payload: bytes, event, except, user };
      });
      assert.deepEqual(arrived, messages);
    }
  }),

  define('keeps the order of the calls, whether or not answers are waited for', async (trial) => {
    const { a } = trial;
    const payloads = Array.from({ length: 100 }, (_, n) => `${n}`);
    const calls: unknown[] = [a.setInterest('t', 1)];
    for (const [n, payload] of payloads.entries())
      calls.push(a.publish(message('t', payload), n % 2 === 0 ? KEPT : PLAIN));
    calls.push(a.setInterest('t', 0), a.publish(message('t', 'after'), PLAIN));
    await Promise.all(calls);
    assert.deepEqual(await trial.payloads(a), payloads);
  }),

  define('shows all processes one order', async (trial) => {
    const { ends } = trial.opened;
    for (const end of ends) await end.setInterest('t', 1);
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) =>
        ends[n % ends.length]?.publish(message('t', `${n}`), n % 3 ? KEPT : PLAIN),
      ),
    );
    const arrived = await trial.arrived(trial.a);
    assert.equal(arrived.length, 50);
    for (const end of ends) assert.deepEqual(await trial.arrived(end), arrived);
  }),

  define('numbers every message, and says which one of its topic came before', async (trial) => {
    const { a, b } = trial;
    const standing = await a.setInterest('t', 1);
    assert.match(standing.epoch, /^[^-]+$/);
    const first = await trial.publish(a, 't', '1');
    const other = await trial.publish(b, 'u', 'other', KEPT);
    const second = await trial.publish(b, 't', '2', KEPT);
    const third = await trial.publish(a, 't', '3');
    const positions = [first, other, second, third];
    for (const [n, { epoch, seq }] of positions.entries()) {
      assert.equal(epoch, standing.epoch);
      assert.ok(Number.isSafeInteger(seq) && seq > (positions[n - 1] ?? standing).seq, 'positions rise');
    }
    assert.deepEqual(
      (await trial.arrived(a)).map(({ position, prev, isKept }) => [position.seq, prev, isKept]),
      [
        [first.seq, standing.seq, false],
        [second.seq, first.seq, true],
        [third.seq, second.seq, false],
      ],
    );
  }),

  define(
    'says where the topic stands: what was answered before is up to there, what follows is behind',
    async (trial) => {
      const { a, b } = trial;
      await a.setInterest('t', 1);
      const before = await trial.publish(b, 't', 'before');
      const [standing, later] = [await a.setInterest('t', 2), await b.setInterest('t', 1)];
      assert.deepEqual([standing, later], [before, before]);
      const behind = await trial.publish(b, 't', 'after');
      assert.ok(behind.seq > standing.seq);
      const [message] = (await trial.arrived(b)).filter(({ position }) => position.seq > later.seq);
      assert.deepEqual([message?.payload, message?.prev], ['after', before.seq]);
      await a.setInterest('t', 0);
      await b.setInterest('t', 0);
      const unheard = await trial.publish(a, 't', 'unheard');
      const again = await a.setInterest('t', 1);
      assert.ok(again.seq >= unheard.seq, 'what nobody heard is older too');
      await trial.publish(b, 't', 'last');
      const last = (await trial.arrived(a)).at(-1);
      assert.ok(last?.payload === 'last' && last.prev <= again.seq, 'nothing is missing in front of the next');
    },
  ),

  define('says of a topic in which there is interest where that stands, not where all topics do', async (trial) => {
    const { a, b } = trial;
    await b.setInterest('t', 1);
    const last = await trial.publish(a, 't', 'last');
    await trial.publish(a, 'u', 'of another topic');
    assert.deepEqual(await a.setInterest('t', 1), last);
    const standings = await b.restate({ interests: [{ topic: 't', channels: 1 }], presences: [] });
    assert.deepEqual(standings.get('t'), last);
  }),

  define('says when it can be reached again, and brings nothing that is older', async (trial) => {
    const { a, b, opened } = trial;
    if (opened.cut === undefined || opened.mend === undefined) return;
    const standing = await a.setInterest('t', 1);
    await a.enter(presence('t', 'ada', 'a1'));
    await opened.cut(a);
    for (const call of [() => a.setInterest('u', 1), () => a.read('t', 'earliest')])
      await assert.rejects(async () => call());
    const lost = await trial.tryToPublish(a, 't', 'lost');
    assert.notEqual(lost?.epoch, standing.epoch, 'passed on aside, if at all');
    const missed = await trial.publish(b, 't', 'missed');
    assert.equal(trial.at(a).interruptions, 0);
    await opened.mend(a);
    const numbered = async () => (await trial.arrived(a)).filter(({ isAside }) => isAside !== true);
    assert.deepEqual(await numbered(), []);
    assert.equal(trial.at(a).interruptions, 1);
    const state = { interests: [{ topic: 't', channels: 1 }], presences: [presence('t', 'ada', 'a1')] };
    const again = (await a.restate(state)).get('t');
    // What went aside leaves a hole behind what was missed.
    assert.ok(lost === undefined ? again?.seq === missed.seq : (again?.seq ?? 0) > missed.seq);
    await trial.publish(b, 't', 'live');
    const [live, ...more] = await numbered();
    assert.deepEqual([live?.payload, live?.prev, more.length], ['live', again?.seq, 0]);
    assert.deepEqual(await trial.changes(), ['t ada joined']);
  }),

  define('counts the channels that said they are there, in all processes', async (trial) => {
    const { a, b, c } = trial;
    const count = async (more: Partial<BusMessage> = {}, terms: Partial<PublishTerms> = {}): Promise<number> =>
      (await a.publish(message('t', 'text', more), { ...PLAIN, ...terms })).subscribers;
    assert.equal(await count(), 0);
    await a.setInterest('t', 2);
    await b.setInterest('t', 3);
    await c.setInterest('other', 5);
    assert.equal(await count(), 5);
    assert.equal(await count({ except: 'a1' }, { isExceptThere: true }), 4);
    assert.equal(await count({ except: 'elsewhere' }), 5);
    await a.enter(presence('t', 'ada', 'a1'));
    await b.enter(presence('t', 'ada', 'b1'));
    await b.enter(presence('t', 'bob', 'b2'));
    assert.equal(await count({ user: 'ada' }), 2);
    assert.equal(await count({ user: 'ada', except: 'a1' }, { isExceptThere: true }), 1);
    assert.equal(await count({ user: 'ada', except: 'b2' }, { isExceptThere: true }), 2);
    assert.equal(await count({ user: 'nobody' }), 0);
    await b.setInterest('t', 0);
    assert.equal(await count(), 2);
  }),

  define('does not wait with its answer until others have the message', async (trial) => {
    const { a, b } = trial;
    await b.setInterest('t', 1);
    trial.at(b).receive = () => void b.publish(message('u', 'more'), PLAIN);
    assert.equal((await a.publish(message('t', '1'), PLAIN)).subscribers, 1);
  }),

  define('publishes an id of a topic once, and repeats the first answer', async (trial) => {
    const { a, b } = trial;
    await a.setInterest('t', 1);
    await a.setInterest('u', 1);
    const once = (id: string): PublishTerms => ({ ...KEPT, once: { id, ttlMs: 1_000 } });
    const publish = (end: Bus, topic: string, payload: string, id: string) =>
      end.publish(message(topic, payload), once(id));
    const answers = await Promise.all([publish(a, 't', '1', 'x'), publish(a, 't', '2', 'x')]);
    await a.setInterest('t', 5);
    answers.push(await publish(b, 't', '3', 'x'));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.equal(answers[0]?.subscribers, 1);
    for (const id of ['y', 'X', '', '__proto__']) await publish(b, 't', id, id);
    await publish(b, 'u', 'of another topic', 'x');
    await trial.opened.advance(500);
    await publish(a, 't', 'too early', 'x');
    await trial.opened.advance(1_000);
    const again = await publish(a, 't', 'again', 'x');
    assert.ok(again.position.seq > (answers[0]?.position.seq ?? Infinity));
    const expected = ['1', 'y', 'X', '', '__proto__', 'again'];
    assert.deepEqual(await trial.payloads(a, 't'), expected);
    assert.deepEqual(await trial.read(a, 't', 'earliest'), expected);
    assert.deepEqual(await trial.payloads(a, 'u'), ['of another topic']);
  }),

  define('reads what it keeps: all, or what is behind a position', async (trial) => {
    const { a, b } = trial;
    await trial.publish(a, 't', 'not kept');
    const positions = await trial.publishKept(a, 't', '1', '2', '3');
    await trial.publishKept(b, 'u', '4');
    assert.deepEqual(await trial.read(b, 't', 'earliest'), ['1', '2', '3']);
    const behind = await Promise.all(positions.map((position) => trial.read(b, 't', since(position))));
    assert.deepEqual(behind, [['2', '3'], ['3'], []]);
    const { messages } = await a.read('t', 'earliest');
    assert.deepEqual(
      messages.map(({ position }) => position),
      positions,
    );
    const [first, second, third] = messages;
    assert.ok(first !== undefined && first.prev < first.position.seq && first.isKept);
    assert.deepEqual([second?.prev, third?.prev], [first.position.seq, second?.position.seq]);
    assert.deepEqual(await trial.read(a, 'nothing', 'earliest'), []);
  }),

  define('keeps the last ones, for their time, and says where something is missing', async (trial) => {
    const { a } = trial;
    const [first] = await trial.publishKept(a, 't', '1');
    assert.ok(first);
    const keep = (payload: string, retention: Retention) =>
      trial.publish(a, 't', payload, { ...PLAIN, keep: retention });
    const second = await keep('2', { size: 2, ttlMs: undefined });
    await keep('3', { size: 2, ttlMs: 1_000 });
    assert.deepEqual(await trial.read(a, 't', since(first)), ['2', '3']);
    await keep('4', { size: 2, ttlMs: 2_000 });
    assert.deepEqual(await trial.read(a, 't', since(first)), ['gap', '3', '4']);
    assert.deepEqual(await trial.read(a, 't', since(second)), ['3', '4']);
    assert.deepEqual((await a.read('t', since(first))).gap, second);
    await trial.opened.advance(1_500);
    assert.deepEqual(await trial.read(a, 't', 'earliest'), ['4']);
  }),

  define('gives a message no longer than its own time, which leaves no gap', async (trial) => {
    const { a, b } = trial;
    const [first] = await trial.publishKept(a, 't', '1');
    assert.ok(first);
    await trial.publish(a, 't', '2', { ...PLAIN, keep: { ...FOREVER, freshMs: 1_000 } });
    await trial.publish(a, 't', '3', { ...PLAIN, keep: { ...FOREVER, freshMs: 5_000 } });
    assert.deepEqual(await trial.read(b, 't', since(first)), ['2', '3']);
    await trial.opened.advance(1_500);
    assert.deepEqual(await trial.read(b, 't', since(first)), ['3']);
    assert.deepEqual(await trial.read(b, 't', 'earliest'), ['1', '3']);
    const { messages } = await b.read('t', since(first));
    assert.equal(messages[0]?.prev, first.seq);
  }),

  define('takes a position that it never gave for a gap', async (trial) => {
    const [first] = await trial.publishKept(trial.a, 't', '1');
    assert.ok(first);
    const { epoch, seq } = first;
    for (const position of ['', '-', 'x', `x-${seq}`, `${epoch}-${seq + 1}`, `${epoch}-x`, `${epoch}-1e99`])
      assert.deepEqual(await trial.read(trial.a, 't', { position }), ['gap', '1'], position);
  }),

  define('knows who is where, with all their channels', async (trial) => {
    const { a, b, c } = trial;
    await a.enter(presence('t', 'ada', 'c1', '1'));
    await b.enter(presence('t', 'bob', 'c2'));
    await c.enter(presence('t', 'ada', 'c3', '3'));
    await c.enter(presence('u', 'ada', 'c3', '4'));
    for (const end of trial.opened.ends) {
      const [ada, bob, ...more] = await end.presence('t');
      assert.ok(typeof ada?.joinedAt === 'number' && typeof bob?.joinedAt === 'number' && more.length === 0);
      assert.deepEqual({ ...ada, joinedAt: 0 }, { member: 'ada', info: '3', channels: 2, joinedAt: 0 });
      assert.deepEqual({ ...bob, joinedAt: 0 }, { member: 'bob', info: undefined, channels: 1, joinedAt: 0 });
    }
    await a.enter(presence('t', 'ada', 'c1', '1'));
    await c.exit('t', 'ada', 'c3');
    await c.exit('t', 'ada', 'c3');
    await b.exit('t', 'bob', 'c2');
    for (const end of trial.opened.ends) {
      const [ada, ...more] = await end.presence('t');
      assert.deepEqual([ada?.info, ada?.channels, more.length], ['1', 1, 0]);
    }
    await a.exit('t', 'ada', 'c1');
    assert.deepEqual([await a.presence('t'), await a.presence('nothing')], [[], []]);
  }),

  define('tells one process of each change: the one that made it', async (trial) => {
    const { a, b } = trial;
    await a.enter(presence('t', 'ada', 'c1', '1'));
    await b.enter(presence('t', 'ada', 'c2', '2'));
    await a.exit('t', 'ada', 'c1');
    await b.exit('t', 'ada', 'c2');
    await trial.opened.settle();
    assert.deepEqual(trial.at(a).changes, [{ topic: 't', kind: 'joined', member: 'ada', info: '1' }]);
    assert.deepEqual(trial.at(b).changes, [{ topic: 't', kind: 'left', member: 'ada', info: '2' }]);
    assert.equal((await trial.changes()).length, 2);
  }),

  define('remembers when a name left with its last channel, where it was told to', async (trial) => {
    const { a, b } = trial;
    await a.enter(presence('t', 'ada', 'c1'));
    await b.enter(presence('t', 'ada', 'c2'));
    await trial.publishKept(a, 't', '1');
    await a.exit('t', 'ada', 'c1');
    await trial.publishKept(a, 't', '2');
    assert.deepEqual(await trial.read(a, 't', { left: 'ada' }), [], 'nothing while another channel is there');
    await b.exit('t', 'ada', 'c2');
    await b.enter({ ...presence('t', 'bob', 'c3'), remember: false });
    await b.exit('t', 'bob', 'c3');
    await trial.publishKept(a, 't', '3');
    assert.deepEqual(await trial.read(b, 't', { left: 'ada' }), ['3']);
    for (const left of ['bob', 'eve']) assert.deepEqual(await trial.read(a, 't', { left }), ['gap', '1', '2', '3']);
    await a.enter(presence('t', 'ada', 'c1'));
    assert.deepEqual(await trial.read(b, 't', { left: 'ada' }), []);
  }),

  define('takes away what a process had that died, and tells one that lives', async (trial) => {
    const { a, b, c, opened } = trial;
    await c.setInterest('t', 4);
    await b.setInterest('t', 1);
    await c.enter(presence('t', 'ada', 'c1', '7'));
    await c.enter(presence('t', 'bob', 'c2'));
    await a.enter(presence('t', 'bob', 'a1'));
    await trial.publishKept(a, 't', '1');
    await opened.settle();
    const told = trial.at(c).changes.length;
    await opened.lose(c);
    const { subscribers } = await a.publish(message('t', '2'), KEPT);
    assert.equal(subscribers, 1);
    assert.deepEqual(await trial.namesIn(a, 't'), ['bob 1']);
    await opened.settle();
    assert.equal(trial.at(c).changes.length, told);
    assert.deepEqual(
      [a, b].flatMap((end) => trial.at(end).changes).filter(({ kind }) => kind === 'left'),
      [{ topic: 't', kind: 'left', member: 'ada', info: '7' }],
    );
    assert.deepEqual(await trial.read(a, 't', { left: 'ada' }), ['2']);
  }),

  define(
    'tells another process where the first dies before it has acknowledged, and none where it has',
    async (trial) => {
      const { a, b, c, opened } = trial;
      await c.enter(presence('t', 'ada', 'c1'));
      await opened.settle();
      trial.at(c).acknowledge = () => new Promise(() => {});
      const entered = c.enter(presence('t', 'bob', 'c2'));
      await opened.settle();
      assert.deepEqual(
        trial.at(c).changes.map(({ member }) => member),
        ['ada', 'bob'],
      );
      await entered;
      await opened.lose(c);
      await opened.settle();
      const told = [a, b].flatMap((end) => trial.at(end).changes.map(({ member, kind }) => `${member} ${kind}`));
      assert.deepEqual([...told].sort(), ['ada left', 'bob joined', 'bob left']);
    },
  ),

  define(
    'takes what a process states in place of all it had, and tells of nothing but the difference',
    async (trial) => {
      const { a, b } = trial;
      await a.setInterest('t', 2);
      await a.setInterest('gone', 1);
      await b.setInterest('t', 1);
      await a.enter(presence('t', 'ada', 'a1'));
      await a.enter(presence('t', 'bob', 'a2'));
      await a.enter(presence('t', 'eve', 'a3'));
      await b.enter(presence('t', 'bob', 'b1'));
      const last = await trial.publish(b, 't', '1');
      const state: ProcessState = {
        interests: [
          { topic: 't', channels: 1 },
          { topic: 'new', channels: 3 },
        ],
        presences: [presence('t', 'ada', 'a4'), presence('t', 'eve', 'a3'), presence('new', 'zoe', 'a5')],
      };
      const standings = await a.restate(state);
      assert.deepEqual([...standings.keys()].sort(), ['new', 't']);
      assert.deepEqual(standings.get('t'), last);
      await a.restate(state);
      await trial.opened.settle();
      assert.deepEqual(
        trial.at(a).changes.map(({ topic, kind, member }) => `${topic} ${member} ${kind}`),
        ['t ada joined', 't bob joined', 't eve joined', 'new zoe joined'],
      );
      assert.deepEqual([...(await trial.namesIn(b, 't'))].sort(), ['ada 1', 'bob 1', 'eve 1']);
      assert.deepEqual(await trial.namesIn(b, 'new'), ['zoe 1']);
      const counts: number[] = [];
      for (const topic of ['t', 'new', 'gone']) counts.push((await b.publish(message(topic, '2'), PLAIN)).subscribers);
      assert.deepEqual(counts, [2, 3, 0]);
      assert.deepEqual(await trial.payloads(a), ['1', '2', '2']);
      await a.restate({ interests: [], presences: [] });
      assert.deepEqual([await trial.namesIn(b, 't'), await trial.namesIn(b, 'new')], [['bob 1'], []]);
      assert.deepEqual(
        trial
          .at(a)
          .changes.slice(4)
          .map(({ member, kind }) => `${member} ${kind}`)
          .sort(),
        ['ada left', 'eve left', 'zoe left'],
      );
    },
  ),

  define('takes any name like any other', async (trial) => {
    const { a, b } = trial;
    for (const name of ['__proto__', 'constructor', ' ', 'ü😀', '*', 'a{b}', 'a:b', 'a b', 'x'.repeat(512)]) {
      await b.setInterest(name, 1);
      await a.enter(presence(name, name, name));
      await trial.publishKept(a, name, '1');
      await a.exit(name, name, name);
      await trial.publishKept(a, name, '2');
      assert.deepEqual(await trial.payloads(b, name), ['1', '2'], name);
      assert.deepEqual(await trial.read(b, name, 'earliest'), ['1', '2'], name);
      assert.deepEqual(await trial.read(b, name, { left: name }), ['2'], name);
      assert.deepEqual(await b.presence(name), [], name);
    }
  }),
];

function message(topic: string, payload: BusMessage['payload'], more: Partial<BusMessage> = {}): BusMessage {
  const form = typeof payload === 'string' ? 'text' : 'bytes';
  return { topic, form, payload, event: undefined, except: undefined, user: undefined, ...more };
}

function presence(topic: string, member: string, channel: string, info?: string): ChannelPresence {
  return { topic, member, channel, info, remember: true };
}

function since({ epoch, seq }: Position): Since {
  return { position: `${epoch}-${seq}` };
}

function define(name: string, check: (trial: Trial) => Promise<void>): BusCase {
  return {
    name,
    async run(open) {
      const opened = await open();
      try {
        await check(new Trial(opened));
      } finally {
        await opened.close();
      }
    },
  };
}
