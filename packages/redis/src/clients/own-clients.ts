import { randomUUID } from 'node:crypto';
import type { Client } from 'portlight';
import { STEP } from './clients-script.ts';
import { toKeyText } from './key-text.ts';
import { readClients } from './read-clients.ts';

/** What it asks of Redis. */
export interface StatedClients {
  /** The name of this life of what Redis has; where it has none, this one from here on. */
  life(fresh: string): Promise<string>;
  /** Clients behind the name of the life. */
  describe(ids: readonly string[]): Promise<readonly unknown[]>;
  /** Connects clients again, as the script takes them: owner, id, time of connecting and address of each. */
  restate(clients: readonly (string | number)[]): Promise<unknown>;
}

interface Own {
  readonly client: Client;
  owner: string;
}

/**
 * The clients that processes of this machine have connected: where Redis has lost what it had, they are connected there
 * again. As many as Redis has of this machine.
 */
export class OwnClients {
  readonly #stated: StatedClients;
  readonly #own: Map<string, Own> = new Map();
  /** The name of the life of Redis in which all of them were connected. */
  #life: string | undefined;
  /** How far it has come in comparing them, some at a time. */
  #next: MapIterator<Own> = this.#own.values();
  #checking: Promise<void> = Promise.resolve();

  constructor(stated: StatedClients) {
    this.#stated = stated;
  }

  add(owner: string, client: Client): void {
    this.#own.set(client.id, { owner, client });
  }

  delete(id: string): void {
    this.#own.delete(id);
  }

  /** They are connected no longer, unless they are again. */
  deleteAll(clients: readonly Client[]): void {
    for (const { id, connectedAt } of clients)
      if (this.#own.get(id)?.client.connectedAt === connectedAt) this.#own.delete(id);
  }

  /** @param heir to whom the clients of an owner belong; the empty text is nobody */
  passOn(owner: string, heir: string): void {
    for (const [id, own] of this.#own) {
      if (own.owner !== owner) continue;
      if (heir === '') this.#own.delete(id);
      else own.owner = heir;
    }
  }

  /** Sees to it that Redis and this machine are of one mind. To be called again where it rejects. */
  check(): Promise<void> {
    return this.#behind(() => this.#check());
  }

  /** Compares some with what Redis has: what was told of a removal may not have been heard. May reject. */
  checkSome(): Promise<void> {
    return this.#behind(() => this.#checkSome());
  }

  #behind(check: () => Promise<void>): Promise<void> {
    this.#checking = this.#checking.then(check, check);
    return this.#checking;
  }

  async #check(): Promise<void> {
    const life = await this.#stated.life(randomUUID());
    const all = [...this.#own.values()];
    for (let first = 0; first < all.length; first += STEP) {
      const step = all.slice(first, first + STEP);
      if (life !== this.#life) await this.#restate(step);
      await this.#compare(step, life);
    }
    this.#life = life;
  }

  async #checkSome(): Promise<void> {
    const step: Own[] = [];
    while (step.length < Math.min(STEP, this.#own.size)) {
      const { done, value } = this.#next.next();
      if (done === true) this.#next = this.#own.values();
      else step.push(value);
    }
    if (step.length > 0) await this.#compare(step, this.#life);
  }

  async #restate(step: readonly Own[]): Promise<void> {
    // Some may have gone while others were stated.
    const left = step.filter((own) => this.#own.get(own.client.id) === own);
    const stated = left.flatMap(({ owner, client: { id, connectedAt, address } }) => [
      owner,
      toKeyText(id),
      connectedAt,
      address,
    ]);
    if (stated.length > 0) await this.#stated.restate(stated);
  }

  /** Forgets those that others have removed, or connected again. */
  async #compare(step: readonly Own[], expected: string | undefined): Promise<void> {
    const clients = step.map(({ client }) => client);
    const [life, ...described] = await this.#stated.describe(clients.map(({ id }) => toKeyText(id)));
    if (life !== expected) throw new Error('Redis has lost what it had meanwhile.');
    const found = new Map(readClients(described).map(({ id, connectedAt }) => [id, connectedAt]));
    this.deleteAll(clients.filter(({ id, connectedAt }) => found.get(id) !== connectedAt));
  }
}
