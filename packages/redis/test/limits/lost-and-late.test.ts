import type { RateLimitPolicy } from '@portlight/rate-limit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedisLink } from '../../src/link/redis-link.ts';
import { openLink } from '../support/open-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { type Claims, LimitsWorld } from './limits-world.ts';

const leased: RateLimitPolicy = { name: 'leased', max: 100, windowMs: 64_000, algorithm: 'sliding-window' };
const a: Claims = [{ policy: leased, key: 'a' }];
const b: Claims = [{ policy: leased, key: 'b' }];

let server: RedisServer;
let link: RedisLink;
let worlds = 0;

beforeAll(async () => {
  if (!HAS_REDIS) return;
  server = await RedisServer.start();
  link = await openLink(server.url);
});

afterAll(async () => {
  if (!HAS_REDIS) return;
  await link.close();
  await server[Symbol.asyncDispose]();
});

function open(): LimitsWorld {
  return new LimitsWorld(link, `world${++worlds}`, 2, [a, b]);
}

/** The process with the link of a machine. */
const OWN = 0;
const CHILD = 1;

/** One machine asks until it waits for another one. */
async function exhaust(world: LimitsWorld, machine: number, claims: Claims): Promise<void> {
  for (let round = 0; round < 30; round++) {
    await world.request(machine, OWN, claims, 100);
    await world.execute(machine);
    await world.reply(machine);
  }
}

describe.runIf(HAS_REDIS)('what is lost, late or in another order', () => {
  test('a lease that is wanted back before its answer has come is not used', async () => {
    const world = open();
    await world.request(0, OWN, a, 1);
    await world.execute(0);
    await exhaust(world, 1, a);
    await world.publish(0);
    expect(world.waiting(0)).toBe(0);
    await world.reply(0);
    await world.settle();
    await world.request(0, OWN, a, 100);
    await world.settle();
    expect([world.ledger.violations, world.ledger.admitted]).toEqual([[], 100]);
  });

  test('units whose message was lost are said by the next question', async () => {
    const world = open();
    await world.request(0, OWN, a, 1);
    await world.settle();
    await world.request(0, OWN, a, 30);
    await world.wait(1);
    await world.cut(0);
    await world.mend(0);
    await world.request(0, OWN, a, 19);
    await world.settle();
    await exhaust(world, 1, a);
    await world.settle();
    expect([world.ledger.violations, world.ledger.admitted]).toEqual([[], 100]);
  });

  test('units whose message was lost are said also when the next question was lost too', async () => {
    const world = open();
    await world.request(0, OWN, a, 1);
    await world.settle();
    await world.request(0, OWN, a, 48);
    await world.wait(1);
    await world.request(0, OWN, a, 1);
    await world.cut(0);
    await world.mend(0);
    await world.request(0, OWN, a, 1);
    await world.settle();
    await exhaust(world, 1, a);
    await world.settle();
    expect([world.ledger.violations, world.ledger.admitted]).toEqual([[], 100]);
  });

  test('what was given back before the answer that says to wait is not waited for', async () => {
    const world = open();
    await world.request(0, OWN, a, 1);
    await world.settle();
    await exhaust(world, 1, a);
    // The reply that says to wait has come; another question waits for its own.
    await world.request(1, CHILD, a, 1);
    await world.execute(1);
    await world.publish(0);
    await world.execute(0);
    await world.publish(1);
    await world.reply(1);
    expect(world.waiting(1)).toBe(2);
    await world.settle();
    expect(world.ledger.violations).toEqual([]);
  });

  test('who was killed is waited for once, and what it held counts from the end of its lease', async () => {
    const world = open();
    for (const claims of [a, b]) await world.request(0, OWN, claims, 1);
    await world.settle();
    await world.crash(0);
    await exhaust(world, 1, a);
    const denied = world.ledger.denied;
    await world.wait(101);
    await world.settle();
    expect(world.ledger.denied).toBeGreaterThan(denied);
    expect(world.ledger.admitted).toBe(51 + 1);
    // Its silence is known: nobody waits for it at another key.
    await exhaust(world, 1, b);
    expect(world.ledger.admitted).toBe(51 + 51);
    // The lease ends after 3 s, and its units count for a window then.
    await world.wait(3_000 + 64_000 - 200);
    await exhaust(world, 1, a);
    await world.settle();
    const late = world.ledger.admitted;
    await world.wait(200);
    await exhaust(world, 1, a);
    await world.settle();
    expect([world.ledger.violations, world.ledger.admitted > late]).toEqual([[], true]);
  });

  test('a child that its machine sees die gives back what it has not said to have used', async () => {
    const world = open();
    await world.request(0, CHILD, a, 1);
    await world.settle();
    await world.request(0, CHILD, a, 5);
    await world.kill(0);
    await world.settle();
    await exhaust(world, 1, a);
    await world.settle();
    expect([world.ledger.violations, world.ledger.admitted, world.recalls]).toEqual([[], 105, 0]);
  });

  test('a lease that nobody uses is given back at its end, without being asked for', async () => {
    const world = open();
    await world.request(0, OWN, a, 1);
    await world.settle();
    await world.wait(4_001);
    await world.settle();
    await exhaust(world, 1, a);
    expect([world.ledger.violations, world.ledger.admitted, world.recalls]).toEqual([[], 100, 0]);
  });

  test('a recall that was lost is repeated after ten seconds', async () => {
    const world = open();
    await world.request(0, OWN, a, 1);
    await world.settle();
    await exhaust(world, 1, a);
    await world.publish(0, true);
    await world.wait(150);
    await world.settle();
    const { admitted } = world.ledger;
    expect(world.recalls).toBe(1);
    await world.cut(0);
    await world.wait(10_000);
    await world.mend(0);
    await exhaust(world, 1, a);
    await world.settle();
    await exhaust(world, 1, a);
    expect([world.ledger.violations, world.recalls, world.ledger.admitted - admitted]).toEqual([[], 2, 49]);
  });

  test('a question that fails is answered late, and the lease of it is used', async () => {
    const world = open();
    await world.request(0, OWN, a, 1);
    await world.execute(0);
    await world.wait(100);
    expect(world.failed).toBe(1);
    await world.reply(0);
    await world.request(0, OWN, a, 20);
    expect([world.waiting(0), world.ledger.admitted, world.failed]).toEqual([0, 21, 1]);
  });
});
