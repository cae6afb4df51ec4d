import { expect } from 'vitest';
import type { Client, ClientStore } from 'portlight';
import type { OpenClientStores } from 'portlight/testing';
import { CLIENTS } from '../../src/clients/clients-script.ts';
import { RedisClientStore } from '../../src/clients/redis-client-store.ts';
import { openMachines } from '../support/open-machines.ts';
import type { RedisServer } from '../support/redis-server.ts';
import type { TestLink } from '../support/test-link.ts';

/** One machine of an app. */
export interface TestMachine {
  readonly link: TestLink;
  readonly store: RedisClientStore;
  isGone: boolean;
  /** The end of one of its processes. */
  end(process: string): ClientStore;
}

/** Clients of an app on several machines. */
export interface OpenClients {
  readonly machines: readonly TestMachine[];
  advance(ms: number): Promise<void>;
  /** Resolves when nobody has anything to be told. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export async function openClients(server: RedisServer, machineCount: number, most: number): Promise<OpenClients> {
  const opened = await openMachines(server, machineCount, CLIENTS);
  const machines = opened.links.map((link) => {
    const store = new RedisClientStore(link, most);
    return { link, store, isGone: false, end: (process: string) => store.end(link.ownerOf(process)) };
  });
  for (const { store } of machines) await store.open();
  const [observer] = opened.links as readonly [TestLink];
  return {
    machines,
    advance: (ms) => opened.advance(ms),
    async settle() {
      for (const { store, isGone } of machines) if (!isGone) await store.end('any').get('');
      const pattern = [observer.key('clients', 'untold'), observer.key('clients', 'telling:*')];
      const isQuiet = async (): Promise<boolean> => {
        const found = await Promise.all(pattern.map((each) => observer.send(['KEYS', each])));
        return found.flat().length === 0;
      };
      await expect.poll(isQuiet, { interval: 5 }).toBe(true);
    },
    close: () => opened.close(),
  };
}

/** Connects clients to an end, some at a time. */
export async function connect(end: ClientStore, ...ids: readonly string[]): Promise<readonly (Client | undefined)[]> {
  const clients: (Client | undefined)[] = [];
  for (let first = 0; first < ids.length; first += 100) {
    const some = ids.slice(first, first + 100);
    await Promise.all(some.map(async (id) => end.reserve(id, `address of ${id}`, 60_000)));
    clients.push(...(await Promise.all(some.map(async (id) => end.commit(id)))));
  }
  return clients;
}

/**
 * As the contract has it: the ends of processes on two machines.
 *
 * @param processes on which machine each is, by its number
 */
export async function openClientStores(
  server: RedisServer,
  most: number,
  processes: readonly number[],
): Promise<OpenClientStores> {
  const opened = await openClients(server, 2, most);
  const losing = new Map<ClientStore, () => Promise<void>>();
  for (const [index, number] of processes.entries()) {
    const machine = opened.machines[number] as TestMachine;
    const owner = machine.link.ownerOf(String(index));
    losing.set(machine.end(String(index)), () => machine.store.lose(owner));
  }
  return {
    ends: [...losing.keys()],
    advance: (ms) => opened.advance(ms),
    settle: () => opened.settle(),
    lose: async (end) => losing.get(end)?.(),
    close: () => opened.close(),
  };
}
