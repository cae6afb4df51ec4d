import type { Bus } from 'portlight';
import { busContract, type OpenBuses } from 'portlight/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readable } from '../../src/bus/message-frame.ts';
import { RedisTopics, TOPICS } from '../../src/bus/redis-topics.ts';
import type { RedisLink } from '../../src/link/redis-link.ts';
import { CutProxy } from '../support/cut-proxy.ts';
import { freshPrefix, openLink } from '../support/open-link.ts';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { settled } from '../support/settled.ts';

let redis: RedisServer;
beforeAll(async () => {
  if (HAS_REDIS) redis = await RedisServer.start();
});
afterAll(() => redis?.[Symbol.asyncDispose]());

/** One machine with its processes. */
interface Machine {
  readonly proxy: CutProxy;
  readonly link: RedisLink;
  readonly topics: RedisTopics;
}

async function openMachine(prefix: string): Promise<Machine> {
  const proxy = await CutProxy.open(redis.port);
  const link = await openLink(proxy.url, { prefix }, TOPICS);
  const topics = new RedisTopics(link, 1_048_576);
  link.onLost((owner) => topics.lose(owner));
  return { proxy, link, topics };
}

/** The ends of three processes, on so many machines. */
async function openBuses(count: number): Promise<OpenBuses> {
  const prefix = freshPrefix();
  const machines = await Promise.all(Array.from({ length: count }, () => openMachine(prefix)));
  const places = new Map<Bus, Machine>();
  const ends = ['one', 'two', 'three'].map((name, index) => {
    const machine = machines[index % count] as Machine;
    const owner = machine.link.ownerOf(name);
    machine.link.attend(owner);
    const end = machine.topics.end(owner, { form: readable });
    places.set(end, machine);
    return end;
  });
  return {
    ends,
    advance: async (ms) => void (await delay(ms)),
    settle: () => settled(machines.map(({ link }) => link)),
    lose: async (end) => {
      const lost = ends.find((each) => each === end);
      if (lost === undefined) return;
      (places.get(end) as Machine).topics.delete(lost);
      const others = ends.filter((each) => each !== end);
      const alive = machines.find(({ topics }) => others.some((each) => places.get(each)?.topics === topics));
      await alive?.topics.lose(lost.owner);
    },
    // On one machine all would be cut off with it.
    ...(count < 3 ? {} : { cut, mend }),
    close: async () => {
      for (const { link, proxy } of machines) {
        await link.close();
        await proxy[Symbol.asyncDispose]();
      }
    },
  };

  async function cut(end: Bus): Promise<void> {
    const { proxy, link } = places.get(end) as Machine;
    proxy.cut();
    await expect.poll(() => link.isReachable).toBe(false);
  }

  async function mend(end: Bus): Promise<void> {
    const { proxy, link } = places.get(end) as Machine;
    proxy.mend();
    await expect.poll(() => link.isReachable).toBe(true);
  }
}

describe.runIf(HAS_REDIS).each([3, 1])('a bus on Redis, with three processes on %i machines', (count) => {
  test.each(busContract.map(({ name, run }) => [name, run] as const))('%s', (_, run) => run(() => openBuses(count)));
});
