import type { Client, ClientStore, ClientWatcher, Reservation } from 'portlight';
import type { RedisLink } from '../link/redis-link.ts';
import { CLIENTS } from './clients-script.ts';
import { toKeyText } from './key-text.ts';
import { listClients } from './list-clients.ts';
import { LostTeller } from './lost-teller.ts';
import { OwnClients } from './own-clients.ts';
import { readClients } from './read-clients.ts';
import { Removals } from './removals.ts';
import { RequestNotes } from './request-notes.ts';

type Argument = string | number;

/** After Redis could not be reached, for how long nobody is taken for silent: others have to say first who was seen. */
const GRACE_MS = 3_000;

/**
 * Clients in Redis, for any number of machines, each with any number of ends. Times are those of the clock of Redis.
 * Where Redis loses what it holds, each machine connects those again that its processes have connected.
 */
export class RedisClientStore {
  readonly #link: RedisLink;
  readonly #most: number;
  readonly #base: string;
  /** What the names of the channels of machines begin with. */
  readonly #to: string;
  readonly #notes: RequestNotes;
  readonly #removals: Removals;
  readonly #teller: LostTeller;
  readonly #own: OwnClients;
  #isOpen = false;
  /** Whether Redis may have lost what this machine has not stated again. */
  #isUnsure = false;
  /** On the clock of `performance`. */
  #silentFrom = -Infinity;

  /** @param most how many clients there may be, the same on all machines */
  constructor(link: RedisLink, most: number) {
    this.#link = link;
    this.#most = most;
    this.#base = link.key('clients');
    const onFailed = (): void => this.#beginGrace();
    this.#notes = new RequestNotes((noted) => this.#run('note', ...noted), onFailed);
    this.#to = link.key('to', '');
    this.#removals = new Removals(
      {
        remove: (owner, operation, token, argument) =>
          this.#ask(operation, owner, token, this.#to, link.machine, argument),
        recall: (owner, token) => this.#ask('recall', owner, token),
        acknowledge: (owner, token) => link.send(['HDEL', `${this.#base}:unheard:${owner}`, token]),
      },
      onFailed,
    );
    this.#teller = new LostTeller({
      tell: (owner, done, fresh) => this.#ask('tell', owner, done, fresh),
      refuse: (owner) => this.#run('refuse', owner, most),
    });
    this.#own = new OwnClients({
      life: async (fresh) => String(await this.#run('life', fresh)),
      describe: (ids) => this.#ask('describe', ...ids),
      restate: (clients) => this.#run('restate', ...clients),
    });
    link.on('clients', (data) => this.#own.deleteAll(readClients(JSON.parse(data.toString()) as unknown[])));
    link.onInterrupted(() => {
      this.#isUnsure = true;
      this.#beginGrace();
      void this.#announce();
    });
    link.onBeat(() => void this.#lookAround());
  }

  /** The end of one process. @param owner its name, which no other end has on any machine: `machine/process` */
  end(owner: string): ClientStore {
    // Only what would be connected behind the removal of all waits for it.
    let leaving: Promise<unknown> | undefined;
    const behind = <Answer>(call: () => Promise<Answer>): Promise<Answer> =>
      leaving === undefined ? call() : leaving.then(call, call);
    let sweeping = false;
    return {
      connect: (watcher) => this.#watch(owner, watcher),
      noteRequest: (id, requests) => this.#notes.note(id, requests),
      has: async (id) => (await this.#run('has', toKeyText(id))) === 1,
      get: async (id) => this.#get(id),
      list: () => this.#list(),
      count: async () => Number(await this.#run('count')),
      reserve: (id, address, ttlMs) => behind(() => this.#reserve(owner, id, address, ttlMs)),
      commit: (id) => behind(() => this.#commit(owner, id)),
      abort: (id) => behind(async () => void (await this.#run('abort', owner, toKeyText(id)))),
      remove: (id) => this.#remove(owner, id),
      removeIdle: async (idleMs) => {
        if (sweeping || performance.now() < this.#silentFrom) return [];
        sweeping = true;
        return this.#removeAll(owner, 'removeIdle', String(idleMs)).finally(() => (sweeping = false));
      },
      removeOwn: () => {
        const removing = this.#removeAll(owner, 'removeOwn');
        const left = Promise.allSettled([leaving, removing]).then(() => {
          if (leaving === left) leaving = undefined;
        });
        leaving = left;
        return removing;
      },
    };
  }

  /** Called when Redis can be reached: who is connected to an end is told of who was lost. */
  async open(): Promise<void> {
    this.#isOpen = true;
    this.#teller.open();
    this.#removals.open();
    await this.#announce();
  }

  /** Nobody is told any more, and what the ends of this machine have is lost. May reject. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#notes.flush();
    this.#notes.close();
    this.#teller.close();
    this.#removals.close();
    await Promise.all(this.#teller.owners.map((owner) => this.#lose(owner)));
  }

  /**
   * From when the process of an end is gone, its clients are those of another end, if that one is still there. What
   * fails is forgotten: then they are lost.
   */
  bequeath(owner: string, heir: string): void {
    this.#run('bequeath', owner, heir).catch(() => undefined);
  }

  /**
   * The process of an end, of whatever machine, is gone without a word. To be called again when it rejects; it may be
   * called by several machines at once. Resolves when one of this machine has acknowledged its clients, or nobody here
   * does: then somebody of another machine is told within a second.
   */
  async lose(owner: string): Promise<void> {
    this.#teller.delete(owner);
    this.#removals.leave(owner);
    await this.#lose(owner);
    await this.#teller.tell();
  }

  async #lose(owner: string): Promise<void> {
    for (;;) {
      const [count, heir] = await this.#ask('lose', owner, this.#most, this.#to, this.#link.machine);
      if (count !== 0) continue;
      this.#own.passOn(owner, String(heir));
      return;
    }
  }

  #watch(owner: string, watcher: ClientWatcher): void {
    this.#teller.add(owner, watcher);
    void this.#announce();
  }

  /** Once a second: what was not told, not heard, or could not be said. Never rejects. */
  async #lookAround(): Promise<void> {
    if (!this.#isOpen) return;
    if (this.#isUnsure) return this.#announce();
    const checking = this.#own.checkSome().catch(() => (this.#isUnsure = true));
    if (!this.#teller.isBusy) await this.#teller.tell();
    await checking;
  }

  /** Never rejects: what fails is done again. */
  async #announce(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isUnsure = false;
    await this.#own.check().catch(() => (this.#isUnsure = true));
    const owners = this.#teller.owners.map((owner) => this.#run('watch', owner));
    await Promise.allSettled(owners);
    await this.#teller.tell();
  }

  async #get(id: string): Promise<Client | undefined> {
    this.#notes.flush();
    return readClients(await this.#ask('get', toKeyText(id)))[0];
  }

  #list(): Promise<readonly Client[]> {
    this.#notes.flush();
    return listClients(this.#link, this.#base);
  }

  async #reserve(owner: string, id: string, address: string, ttlMs: number): Promise<Reservation> {
    return (await this.#run('reserve', owner, toKeyText(id), address, ttlMs, this.#most)) as Reservation;
  }

  async #commit(owner: string, id: string): Promise<Client | undefined> {
    this.#notes.flush();
    const [client] = readClients(await this.#ask('commit', owner, toKeyText(id)));
    if (client !== undefined) this.#own.add(owner, client);
    return client;
  }

  async #remove(owner: string, id: string): Promise<Client | undefined> {
    this.#notes.flush();
    const { clients } = await this.#removals.step(owner, 'remove', toKeyText(id));
    // Also where Redis has lost it, and so nothing was removed.
    this.#own.delete(id);
    return clients[0];
  }

  async #removeAll(owner: string, operation: string, argument?: string): Promise<readonly Client[]> {
    this.#notes.flush();
    const clients = await this.#removals.all(owner, operation, argument);
    this.#own.deleteAll(clients);
    return clients;
  }

  #beginGrace(): void {
    this.#silentFrom = performance.now() + GRACE_MS;
  }

  async #ask(operation: string, ...args: readonly Argument[]): Promise<readonly unknown[]> {
    return (await this.#run(operation, ...args)) as readonly unknown[];
  }

  #run(operation: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.#link.run(CLIENTS, [this.#base], [operation, ...args]);
  }
}
