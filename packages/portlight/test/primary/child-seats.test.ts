import { Link } from '@portlight/prefork';
import { joinPorts, type JoinedPort } from '@portlight/prefork/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Admission, Seat, Shortage } from '../../src/backplane/admission.ts';
import { DEFAULTS } from '../../src/defaults.ts';
import { ChildSeats } from '../../src/primary/child-seats.ts';
import { SeatDesk } from '../../src/primary/seat-desk.ts';

interface Child {
  readonly seats: ChildSeats;
  readonly ports: readonly [JoinedPort, JoinedPort];
}

function open(count: number, most: number, mostPerAddress: number = most, isExact: boolean = false): readonly Child[] {
  const desk = new SeatDesk(count, {
    connections: { most, mostPerAddress, isExact },
    channels: { most: 1, mostPerAddress: 1 },
  });
  return Array.from({ length: count }, (_, index) => {
    const ports = joinPorts();
    desk.serve(new Link(ports[0]), `child ${index}`);
    return { seats: new ChildSeats(new Link(ports[1])), ports };
  });
}

/** How many get a seat at once in all children, and what the others are told. */
async function fill(admissions: readonly Admission[], addresses: readonly string[]): Promise<[Seat[], Set<Shortage>]> {
  const outcomes = await Promise.all(
    addresses.map(async (address, index) => (admissions[index % admissions.length] as Admission).reserve(address)),
  );
  const seats = outcomes.filter((each) => typeof each !== 'string');
  return [seats, new Set(outcomes.filter((each) => typeof each === 'string'))];
}

async function turns(): Promise<void> {
  for (let n = 0; n < 8; n += 1) await new Promise(setImmediate);
}

describe('seats of several children', () => {
  afterEach(() => void vi.useRealTimers());

  test('are as many as the limit says, wherever somebody comes', async () => {
    const children = open(4, 100);
    const connections = children.map(({ seats }) => seats.connections);
    const [seats, shortages] = await fill(
      connections,
      Array.from({ length: 150 }, () => '192.0.2.1'),
    );
    expect([seats.length, [...shortages]]).toEqual([100, ['all']]);
    for (const seat of seats.slice(0, 40)) {
      seat.release();
      seat.release();
    }
    const [more] = await fill(
      connections.slice(0, 1),
      Array.from({ length: 60 }, () => '192.0.2.1'),
    );
    expect(more.length).toBe(40);
  });

  test('are kept by no child that does not use them, where it may be busy at any time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const [busy, other] = open(2, 3, 2, true) as [Child, Child];
    const seat = await busy.seats.connections.reserve('192.0.2.1');
    if (typeof seat !== 'string') seat.release();
    await turns();
    busy.ports[1].hold();
    // Nobody waits for the busy one: no time passes.
    const [seats, shortages] = await fill([other.seats.connections], ['192.0.2.1', '192.0.2.1', '192.0.2.2']);
    expect([seats.length, shortages.size]).toEqual([3, 0]);
  });

  test('are counted for each address, mapped ones as one and IPv6 by its /56', async () => {
    const children = open(4, 100, 10);
    const connections = children.map(({ seats }) => seats.connections);
    const spellings = ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201'];
    const [seats, shortages] = await fill(
      connections,
      Array.from({ length: 30 }, (_, n) => spellings[n % 3] as string),
    );
    expect([seats.length, [...shortages]]).toEqual([10, ['address']]);
    const [network] = await fill(
      connections,
      Array.from({ length: 30 }, (_, n) => `2001:db8:0:12${n + 10}::1`),
    );
    expect(network.length).toBe(10);
    const [unix] = await fill(
      connections,
      Array.from({ length: 30 }, () => ''),
    );
    expect(unix.length).toBe(30);
  });

  test('cost no question for each', async () => {
    const [child] = open(4, 10_000, 8_000) as [Child];
    const { connections } = child.seats;
    await connections.reserve('192.0.2.1');
    let waited = 0;
    for (let n = 0; n < 900; n += 1) {
      const outcome = connections.reserve('192.0.2.1');
      if (outcome instanceof Promise) waited += 1;
      await outcome;
      // A turn of the loop between two connections.
      await new Promise(setImmediate);
    }
    expect(waited).toBe(0);
  });

  test('of a child that died are free', async () => {
    const [one, other] = open(2, 10) as [Child, Child];
    const [seats] = await fill(
      [one.seats.connections],
      Array.from({ length: 10 }, () => ''),
    );
    expect(seats.length).toBe(10);
    expect(await other.seats.connections.reserve('')).toBe('all');
    one.ports[1].close();
    await new Promise(setImmediate);
    const [after] = await fill(
      [other.seats.connections],
      Array.from({ length: 12 }, () => ''),
    );
    expect(after.length).toBe(10);
    for (const seat of seats) seat.release();
  });

  test('that a silent child has unused keep nobody waiting for long, and are given back when it speaks', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [one, other] = open(2, 8) as [Child, Child];
    const [[seat]] = await fill([one.seats.connections], ['']);
    one.ports[0].hold();
    const eight = Array.from({ length: 8 }, () => '');
    const filling = fill([other.seats.connections], eight);
    await turns();
    vi.advanceTimersByTime(DEFAULTS.seatRecallMs);
    const [seats, shortages] = await filling;
    expect([seats.length < 7, [...shortages]]).toEqual([true, ['all']]);
    // It is not asked again.
    expect(await other.seats.connections.reserve('')).toBe('all');
    one.ports[0].release();
    await turns();
    const [rest] = await fill([other.seats.connections], eight);
    expect(seats.length + rest.length).toBe(7);
    seat?.release();
  });

  test('are refused when the primary is gone', async () => {
    const [child] = open(1, 10) as [Child];
    const waiting = child.seats.channels.reserve('');
    child.ports[0].hold();
    child.ports[1].close();
    await expect(waiting).rejects.toThrow('The primary is gone');
    await expect(async () => child.seats.channels.reserve('')).rejects.toThrow('The primary is gone');
  });
});
