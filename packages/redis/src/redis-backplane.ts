import type {
  Backplane,
  BackplaneWatcher,
  Bus,
  ClientStore,
  LeaseLine,
  PassedMessage,
  RateLimitStore,
  SharedStores,
  StoresEnd,
  ValueStore,
} from 'portlight';
import { readable } from './bus/message-frame.ts';
import type { RedisBus } from './bus/redis-bus.ts';
import { RedisTopics, TOPICS } from './bus/redis-topics.ts';
import { CLIENTS } from './clients/clients-script.ts';
import { RedisClientStore } from './clients/redis-client-store.ts';
import { LIMITS } from './limits/limits-script.ts';
import { RedisLimits } from './limits/redis-limits.ts';
import { RedisLink } from './link/redis-link.ts';
import type { RedisConfig } from './redis-options.ts';
import { RedisValueStore } from './values/redis-value-store.ts';

/** How many clients may be connected, on all machines together. */
const MAX_CLIENTS = 1_000_000;

/** What several machines share on Redis, as the process has it that holds the way there. */
export class RedisBackplane implements Backplane {
  readonly limits: RateLimitStore;
  readonly clients: ClientStore;
  readonly bus: Bus;
  readonly values: ValueStore;
  readonly stores: SharedStores;
  readonly #link: RedisLink;
  readonly #topics: RedisTopics;
  readonly #clientStore: RedisClientStore;
  readonly #limits: RedisLimits;
  /** This process. */
  readonly #owner: string;
  readonly #own: RedisBus;

  constructor(config: RedisConfig) {
    const link = new RedisLink(config, [...TOPICS, CLIENTS, LIMITS]);
    this.#link = link;
    this.#topics = new RedisTopics(link, config.maxHistoryBytes);
    this.#clientStore = new RedisClientStore(link, MAX_CLIENTS);
    this.#limits = new RedisLimits(link, { commandTimeoutMs: config.limitTimeoutMs });
    this.limits = this.#limits;
    this.values = new RedisValueStore(link);
    this.#owner = link.ownerOf('own');
    this.#own = this.#topics.end(this.#owner, { form: readable });
    this.bus = this.#own;
    this.clients = this.#clientStore.end(this.#owner);
    this.stores = {
      attach: (line: LeaseLine, process) => this.#limits.attach(line, link.ownerOf(process)),
      end: (process) => this.#openEnd(link.ownerOf(process)),
      bequeath: (process, heir) => this.#clientStore.bequeath(link.ownerOf(process), link.ownerOf(heir)),
    };
    link.onLost((owner) => this.#lose(owner));
  }

  watch(watcher: BackplaneWatcher): void {
    this.#link.watch(watcher);
  }

  async open(): Promise<void> {
    this.#link.attend(this.#owner);
    await this.#link.open();
    await this.#clientStore.open();
  }

  /** What this process leaves behind is told to others, as that of one that is gone. */
  async close(): Promise<void> {
    this.#limits.close();
    const left = this.#clientStore.close().catch(() => {});
    if (this.#link.isReachable) await left;
    await this.#link.close();
  }

  #openEnd(owner: string): StoresEnd {
    this.#link.attend(owner);
    const bus = this.#topics.end(owner, { form: asItIs });
    const lose = (): Promise<void> => {
      this.#topics.delete(bus);
      return this.#link.lose(owner);
    };
    return { clients: this.#clientStore.end(owner), bus, values: this.values, lose };
  }

  async #lose(owner: string): Promise<void> {
    await Promise.all([this.#topics.lose(owner), this.#clientStore.lose(owner), this.#limits.lose(owner)]);
  }
}

function asItIs(message: PassedMessage): PassedMessage {
  return message;
}
