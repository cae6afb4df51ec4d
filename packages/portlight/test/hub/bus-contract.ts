import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bus, BusMessage, BusReceiver, MemberChange, Position, Since } from '../../src/backplane/bus.ts';

/** The buses of one case: the ends of some processes, joined. */
export interface OpenBuses {
  /** At least one; each of another process. */
  readonly ends: readonly Bus[];
  /** Lets the clock of the histories go on. */
  advance(ms: number): void | Promise<void>;
  /** Resolves when all that was said has arrived. */
  settle(): Promise<void>;
  close(): void | Promise<void>;
}

/** Keeps what a process is told. */
class RecordingReceiver implements BusReceiver {
  readonly messages: BusMessage[] = [];
  readonly changes: MemberChange[] = [];

  receive(message: BusMessage): number {
    this.messages.push(message);
    return 1;
  }

  memberChanged(change: MemberChange): void {
    this.changes.push(change);
  }
}

const FOREVER = { size: 10, ttlMs: undefined };

function message(topic: string, payload: BusMessage['payload'], more: Partial<BusMessage> = {}): BusMessage {
  return {
    topic,
    form: typeof payload === 'string' ? 'text' : 'bytes',
    payload,
    event: undefined,
    except: undefined,
    user: undefined,
    position: undefined,
    ...more,
  };
}

/**
 * What every bus promises, whoever is at its ends. Call it in a test file, with a bus that has just been opened for
 * each case.
 */
export function testBus(name: string, open: () => OpenBuses | Promise<OpenBuses>): void {
  describe(`${name} is a bus`, () => {
    let buses: OpenBuses;
    let bus: Bus;
    let receivers: readonly RecordingReceiver[];
    let receiver: RecordingReceiver;

    beforeEach(async () => {
      buses = await open();
      receivers = buses.ends.map((end) => {
        const recording = new RecordingReceiver();
        end.connect(recording);
        return recording;
      });
      [bus, receiver] = [buses.ends[0] as Bus, receivers[0] as RecordingReceiver];
    });

    afterEach(() => buses.close());

    const payloads = () => receiver.messages.map(({ payload }) => payload);

    async function publishKept(topic: string, ...texts: string[]): Promise<Position[]> {
      const positions: Position[] = [];
      for (const text of texts) {
        const { position } = await bus.publish(message(topic, text), FOREVER);
        if (position === undefined) throw new Error('What is kept has a position.');
        positions.push(position);
      }
      return positions;
    }

    async function read(topic: string, since: Since): Promise<readonly unknown[]> {
      const { gap, messages } = await bus.read(topic, since);
      return [...(gap === undefined ? [] : ['gap']), ...messages.map(({ payload }) => payload)];
    }

    const behind = ({ epoch, seq }: Position): Since => ({ position: `${epoch}-${seq}` });

    test('passes on what is published between subscribe and unsubscribe, and no other topic', async () => {
      await bus.publish(message('t', 'before'), undefined);
      await bus.subscribe('t');
      await bus.subscribe('u');
      await bus.publish(message('t', '1'), undefined);
      await bus.publish(message('T', 'other'), undefined);
      await bus.unsubscribe('u');
      await bus.publish(message('u', 'after'), undefined);
      await bus.publish(message('t', '2'), undefined);
      await bus.unsubscribe('t');
      await bus.publish(message('t', 'after'), undefined);
      await buses.settle();
      expect(payloads()).toEqual(['1', '2']);
    });

    test('passes a message on as it was', async () => {
      await bus.subscribe('t');
      const messages = [
        message('t', '😀 \u0000\r\n'),
        message('t', ''),
        message('t', new Uint8Array([0, 255, 10])),
        message('t', new Uint8Array()),
        message('t', '{"a":1}', { form: 'json', event: 'e', except: 'x', user: '__proto__' }),
      ];
      for (const each of messages) await bus.publish(each, undefined);
      await buses.settle();
      expect(receiver.messages).toEqual(messages);
    });

    test('keeps the order of the calls, whether or not answers are waited for', async () => {
      const texts = Array.from({ length: 100 }, (_, n) => `${n}`);
      void bus.subscribe('t');
      await Promise.all(
        texts.map(async (text, n) => bus.publish(message('t', text), n % 2 === 0 ? FOREVER : undefined)),
      );
      void bus.unsubscribe('t');
      await bus.publish(message('t', 'after'), undefined);
      await buses.settle();
      expect(payloads()).toEqual(texts);
      const seqs = receiver.messages.flatMap(({ position }) => position?.seq ?? []);
      expect(seqs).toEqual([...seqs].sort((one, other) => one - other));
    });

    test('counts who got it', async () => {
      expect(await bus.publish(message('t', '1'), undefined)).toEqual({ position: undefined, subscribers: 0 });
      for (const end of buses.ends) await end.subscribe('t');
      expect(await bus.publish(message('t', '1'), undefined)).toEqual({
        position: undefined,
        subscribers: buses.ends.length,
      });
    });

    test('shows all processes one order', async () => {
      for (const end of buses.ends) await end.subscribe('t');
      await Promise.all(
        Array.from({ length: 50 }, async (_, n) =>
          buses.ends[n % buses.ends.length]?.publish(message('t', `${n}`), FOREVER),
        ),
      );
      await buses.settle();
      expect(receiver.messages).toHaveLength(50);
      for (const other of receivers) expect(other.messages).toEqual(receiver.messages);
    });

    test('numbers what it keeps, over all topics', async () => {
      const [one, two, three] = [
        ...(await publishKept('a', '1')),
        ...(await publishKept('b', '2')),
        ...(await publishKept('a', '3')),
      ];
      expect(one?.epoch).toMatch(/^[^-]+$/);
      expect([two?.epoch, three?.epoch]).toEqual([one?.epoch, one?.epoch]);
      expect([one?.seq, two?.seq, three?.seq]).toEqual([one?.seq, one?.seq, one?.seq].map((seq, n) => (seq ?? 0) + n));
    });

    test('reads what it keeps: all, or what is behind a position', async () => {
      await bus.publish(message('t', 'not kept'), undefined);
      const positions = await publishKept('t', '1', '2', '3');
      await publishKept('u', '4');
      expect(await read('t', 'earliest')).toEqual(['1', '2', '3']);
      expect(await Promise.all(positions.map((position) => read('t', behind(position))))).toEqual([
        ['2', '3'],
        ['3'],
        [],
      ]);
      expect((await bus.read('t', 'earliest')).messages.map(({ position }) => position)).toEqual(positions);
      expect(await read('nothing', 'earliest')).toEqual([]);
    });

    test('keeps the last ones, for their time, and says where something is missing', async () => {
      const [first] = await publishKept('t', '1');
      const { position } = await bus.publish(message('t', '2'), { size: 2, ttlMs: undefined });
      await bus.publish(message('t', '3'), { size: 2, ttlMs: 1_000 });
      expect(await read('t', behind(first as Position))).toEqual(['2', '3']);
      await bus.publish(message('t', '4'), { size: 2, ttlMs: 2_000 });
      expect(await read('t', behind(first as Position))).toEqual(['gap', '3', '4']);
      expect(await read('t', behind(position as Position))).toEqual(['3', '4']);
      expect((await bus.read('t', behind(first as Position))).gap).toEqual(position);
      await buses.advance(1_500);
      expect(await read('t', 'earliest')).toEqual(['4']);
    });

    test('takes a position that it never gave for a gap', async () => {
      const [first] = await publishKept('t', '1');
      const unknown = [
        '',
        '-',
        'x',
        `x-${first?.seq}`,
        `${first?.epoch}-${(first?.seq ?? 0) + 1}`,
        `${first?.epoch}-x`,
        `${first?.epoch}-1e99`,
      ];
      for (const position of unknown) expect(await read('t', { position })).toEqual(['gap', '1']);
    });

    test('knows who is where, with all their channels', async () => {
      const last = buses.ends.at(-1) as Bus;
      await bus.enter('t', 'ada', 'c1', '1');
      await last.enter('t', 'bob', 'c2', undefined);
      await last.enter('t', 'ada', 'c3', '3');
      await last.enter('u', 'ada', 'c3', '4');
      const joinedAt = expect.any(Number) as number;
      const ada = { member: 'ada', info: '3', channels: 2, joinedAt };
      const bob = { member: 'bob', info: undefined, channels: 1, joinedAt };
      for (const end of buses.ends) expect(await end.presence('t')).toEqual([ada, bob]);
      await bus.enter('t', 'ada', 'c1', '1');
      await last.exit('t', 'ada', 'c3', false);
      await last.exit('t', 'ada', 'c3', false);
      await last.exit('t', 'bob', 'c2', false);
      for (const end of buses.ends) expect(await end.presence('t')).toEqual([{ ...ada, info: '1', channels: 1 }]);
      await bus.exit('t', 'ada', 'c1', false);
      await buses.settle();
      expect([await bus.presence('t'), await bus.presence('nothing')]).toEqual([[], []]);
      const told = receivers
        .flatMap(({ changes }) => changes)
        .filter(({ topic, member }) => topic === 't' && member === 'ada');
      expect(told).toEqual([
        { topic: 't', kind: 'joined', member: 'ada', info: '1' },
        { topic: 't', kind: 'left', member: 'ada', info: '1' },
      ]);
    });

    test('remembers when a name left with its last channel, where it is told to', async () => {
      await bus.enter('t', 'ada', 'c1', undefined);
      await bus.enter('t', 'ada', 'c2', undefined);
      await publishKept('t', '1');
      await bus.exit('t', 'ada', 'c1', true);
      await publishKept('t', '2');
      await bus.exit('t', 'ada', 'c2', true);
      await bus.enter('t', 'bob', 'c3', undefined);
      await bus.exit('t', 'bob', 'c3', false);
      await publishKept('t', '3');
      expect([
        await read('t', { left: 'ada' }),
        await read('t', { left: 'bob' }),
        await read('t', { left: 'eve' }),
      ]).toEqual([['3'], ['gap', '1', '2', '3'], ['gap', '1', '2', '3']]);
      await bus.enter('t', 'ada', 'c1', undefined);
      expect(await read('t', { left: 'ada' })).toEqual([]);
    });

    test.each(['__proto__', 'constructor', '', ' ', 'ü😀', '*', 'a{b}', 'x'.repeat(512)])(
      'takes the name %j like any other',
      async (hostile) => {
        await bus.subscribe(hostile);
        await bus.enter(hostile, hostile, hostile, undefined);
        await publishKept(hostile, '1');
        await bus.exit(hostile, hostile, hostile, true);
        await publishKept(hostile, '2');
        await buses.settle();
        expect(payloads()).toEqual(['1', '2']);
        expect([
          await read(hostile, 'earliest'),
          await read(hostile, { left: hostile }),
          await bus.presence(hostile),
        ]).toEqual([['1', '2'], ['2'], []]);
      },
    );
  });
}
