import type { Client, ClientStore } from '../backplane/client-store.ts';
import { ServiceUnavailableError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';

/** Why a client is no longer connected. */
export type DisconnectReason = 'request' | 'idle' | 'manual' | 'shutdown' | 'worker-lost';

/** Why a client is connected. */
export type ConnectReason = 'request' | 'manual';

/** The connected clients, for the app to ask. */
export interface Clients {
  list(): Promise<readonly Client[]>;
  get(id: string): Promise<Client | undefined>;
  has(id: string): Promise<boolean>;
  count(): Promise<number>;
}

/** Told once for each client. What it throws when a client connects refuses the client. */
export type ConnectHandler = (client: Client, clients: Clients, reason: ConnectReason) => unknown;
/** Told exactly once for each client that was connected. */
export type DisconnectHandler = (client: Client, clients: Clients, reason: DisconnectReason) => unknown;

/** Who is connected, and who wants to be told. */
export class ClientRegistry implements Clients {
  readonly #store: ClientStore;
  readonly #log: LogHolder;
  readonly #connectHandlers: ConnectHandler[] = [];
  readonly #disconnectHandlers: DisconnectHandler[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(store: ClientStore, log: LogHolder) {
    this.#store = store;
    this.#log = log;
  }

  onConnect(handler: ConnectHandler): void {
    this.#connectHandlers.push(handler);
  }

  onDisconnect(handler: DisconnectHandler): void {
    this.#disconnectHandlers.push(handler);
  }

  async list(): Promise<readonly Client[]> {
    return this.#store.list();
  }

  async get(id: string): Promise<Client | undefined> {
    return this.#store.get(id);
  }

  async has(id: string): Promise<boolean> {
    return (await this.#store.get(id)) !== undefined;
  }

  async count(): Promise<number> {
    return this.#store.count();
  }

  /** Whether nobody is connected for sure. */
  get isEmpty(): boolean {
    return this.#store.isEmpty;
  }

  /** Counts a request of a client. @returns whether it is connected */
  touch(id: string): boolean | Promise<boolean> {
    return this.#store.touch(id);
  }

  /** @throws {ServiceUnavailableError} when there is no room; what a handler throws, and then it is not connected */
  async connect(id: string, address: string, reason: ConnectReason): Promise<void> {
    const added = await this.#store.add(id, address);
    if (added === undefined) throw new ServiceUnavailableError('No more clients can be connected.', { headers: { 'retry-after': '60' }, expose: true });
    if (!added.isNew) return;
    try {
      for (const handler of this.#connectHandlers) await handler(added.client, this, reason);
    } catch (error) {
      await this.#store.remove(id);
      throw error;
    }
  }

  /** Does nothing to one that is not connected. @throws what a handler throws; the client is disconnected nevertheless */
  async disconnect(id: string, reason: DisconnectReason): Promise<void> {
    const client = await this.#store.remove(id);
    if (client !== undefined) await this.#tell(client, reason);
  }

  /** Forgets clients from whom nothing comes for so long. One timer for all, which keeps no process alive. */
  watch(idleMs: number): void {
    clearInterval(this.#timer);
    if (idleMs === 0) return;
    this.#timer = setInterval(() => void this.#removeIdle(idleMs), Math.max(20, Math.min(1_000, idleMs / 4))).unref();
  }

  /** Disconnects everybody. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tellAll(await this.#store.removeAll(), 'shutdown');
  }

  async #removeIdle(idleMs: number): Promise<void> {
    await this.#tellAll(await this.#store.removeIdle(idleMs), 'idle');
  }

  async #tellAll(clients: readonly Client[], reason: DisconnectReason): Promise<void> {
    for (const client of clients) {
      await this.#tell(client, reason).catch((error: unknown) => {
        this.#log.logger.error({ err: error, client: client.id, reason }, 'A disconnect handler failed.');
      });
    }
  }

  async #tell(client: Client, reason: DisconnectReason): Promise<void> {
    for (const handler of this.#disconnectHandlers) await handler(client, this, reason);
  }
}
