import type { Client } from '../backplane/client-store.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { DEFAULTS } from '../defaults.ts';
import { BadRequestError, ServiceUnavailableError } from '../errors/http-error.ts';
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
  readonly #shared: SharedState;
  readonly #log: LogHolder;
  readonly #connectHandlers: ConnectHandler[] = [];
  readonly #disconnectHandlers: DisconnectHandler[] = [];
  /** Clients whose handlers still decide. */
  readonly #pending: Map<string, Promise<void>> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(shared: SharedState, log: LogHolder) {
    this.#shared = shared;
    this.#log = log;
  }

  onConnect(handler: ConnectHandler): void {
    this.#connectHandlers.push(handler);
  }

  onDisconnect(handler: DisconnectHandler): void {
    this.#disconnectHandlers.push(handler);
  }

  async list(): Promise<readonly Client[]> {
    return this.#shared.clients.list();
  }

  async get(id: string): Promise<Client | undefined> {
    return this.#shared.clients.get(id);
  }

  async has(id: string): Promise<boolean> {
    return (await this.#shared.clients.get(id)) !== undefined;
  }

  async count(): Promise<number> {
    return this.#shared.clients.count();
  }

  /** Whether nobody is connected for sure. */
  get isEmpty(): boolean {
    return this.#shared.clients.isEmpty;
  }

  /** Counts a request of a client. @returns whether it is connected */
  touch(id: string): boolean | Promise<boolean> {
    return this.#shared.clients.touch(id);
  }

  /**
   * Asks the handlers, and connects the client when they are through. Who asks again meanwhile waits for the same
   * outcome.
   *
   * @throws {ServiceUnavailableError} when there is no room; what a handler throws, and then it is not connected
   */
  async connect(id: string, address: string, reason: ConnectReason): Promise<void> {
    if (id.length > DEFAULTS.maxClientIdLength)
      throw new BadRequestError(`What identifies a client has at most ${DEFAULTS.maxClientIdLength} characters.`);
    if ((await this.#shared.clients.get(id)) !== undefined) return;
    const pending = this.#pending.get(id);
    if (pending !== undefined) return pending;
    const connecting = this.#connect(id, address, reason).finally(() => this.#pending.delete(id));
    this.#pending.set(id, connecting);
    return connecting;
  }

  /**
   * Does nothing to one that is not connected.
   *
   * @throws what a handler throws; the client is disconnected nevertheless
   */
  async disconnect(id: string, reason: DisconnectReason): Promise<void> {
    await this.#pending.get(id)?.catch(() => undefined);
    const client = await this.#shared.clients.remove(id);
    if (client !== undefined) await this.#tell(client, reason);
  }

  /** Forgets clients from whom nothing comes for so long. One timer for all, which keeps no process alive. */
  watch(idleMs: number): void {
    clearInterval(this.#timer);
    this.#isClosed = false;
    if (idleMs === 0) return;
    this.#timer = setInterval(() => void this.#removeIdle(idleMs), Math.max(20, Math.min(1_000, idleMs / 4))).unref();
  }

  /** Disconnects everybody. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#isClosed = true;
    await this.#tellAll(await this.#shared.clients.removeAll(), 'shutdown');
  }

  /** Never rejects. */
  async #removeIdle(idleMs: number): Promise<void> {
    try {
      await this.#tellAll(await this.#shared.clients.removeIdle(idleMs), 'idle');
    } catch (error) {
      this.#log.logger.error({ err: error }, 'The store of clients failed.');
    }
  }

  async #connect(id: string, address: string, reason: ConnectReason): Promise<void> {
    if (await this.#shared.clients.isFull()) throw noRoom();
    const now = Date.now();
    for (const handler of this.#connectHandlers)
      await handler({ id, address, connectedAt: now, lastSeenAt: now, requests: 0 }, this, reason);
    if (this.#isClosed || (await this.#shared.clients.add(id, address)) === undefined) throw noRoom();
  }

  /** All at once: one whose handler takes its time must not keep the others from being told. */
  async #tellAll(clients: readonly Client[], reason: DisconnectReason): Promise<void> {
    await Promise.all(
      clients.map((client) =>
        this.#tell(client, reason).catch((error: unknown) => {
          this.#log.logger.error({ err: error, client: client.id, reason }, 'A disconnect handler failed.');
        }),
      ),
    );
  }

  async #tell(client: Client, reason: DisconnectReason): Promise<void> {
    for (const handler of this.#disconnectHandlers) await handler(client, this, reason);
  }
}

function noRoom(): ServiceUnavailableError {
  return new ServiceUnavailableError('No more clients can be connected.', {
    headers: { 'retry-after': '60' },
    expose: true,
  });
}
