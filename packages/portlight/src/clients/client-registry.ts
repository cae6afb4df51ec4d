import { setTimeout as delay } from 'node:timers/promises';
import type { Client, Reservation } from '../backplane/client-store.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { notNow } from '../backplane/not-now.ts';
import { DEFAULTS } from '../defaults.ts';
import { BadRequestError, ServiceUnavailableError } from '../errors/http-error.ts';
import { inTime } from '../in-time.ts';
import type { LogHolder } from '../log.ts';
import { ClientDesk } from './client-desk.ts';

/** Why a client is no longer connected. */
export type DisconnectReason = 'request' | 'idle' | 'manual' | 'shutdown' | 'worker-lost';

/** Why a client is connected. */
export type ConnectReason = 'request' | 'manual';

/**
 * The connected clients, for the app to ask. Where a backplane does not answer within a second, all reject with a
 * {@link ServiceUnavailableError}.
 */
export interface Clients {
  list(): Promise<readonly Client[]>;
  get(id: string): Promise<Client | undefined>;
  has(id: string): Promise<boolean>;
  count(): Promise<number>;
}

/**
 * Told once for each client, in one process. What it throws when a client connects refuses the client; so does taking
 * longer than 30 s.
 */
export type ConnectHandler = (client: Client, clients: Clients, reason: ConnectReason) => unknown;
/** Told exactly once for each client that was connected. */
export type DisconnectHandler = (client: Client, clients: Clients, reason: DisconnectReason) => unknown;

/** Who is connected, and who wants to be told. */
export class ClientRegistry implements Clients {
  readonly #shared: SharedState;
  readonly #log: LogHolder;
  readonly #desk: ClientDesk;
  readonly #connectHandlers: ConnectHandler[] = [];
  readonly #disconnectHandlers: DisconnectHandler[] = [];
  /** Clients whose handlers still decide. */
  readonly #pending: Map<string, Promise<void>> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #isSweeping = false;
  #closing: Promise<void> | undefined;
  /** Whether anybody was ever connected by this process. */
  #wasUsed = false;

  constructor(shared: SharedState, log: LogHolder) {
    this.#shared = shared;
    this.#log = log;
    this.#desk = new ClientDesk(shared);
    shared.watchClients({ lost: (clients) => this.#tellAll(clients, 'worker-lost') });
  }

  onConnect(handler: ConnectHandler): void {
    this.#connectHandlers.push(handler);
  }

  onDisconnect(handler: DisconnectHandler): void {
    this.#disconnectHandlers.push(handler);
  }

  list(): Promise<readonly Client[]> {
    return this.#desk.ask((store) => store.list());
  }

  get(id: string): Promise<Client | undefined> {
    return this.#desk.ask((store) => store.get(id));
  }

  has(id: string): Promise<boolean> {
    return this.#desk.ask((store) => store.has(id));
  }

  count(): Promise<number> {
    return this.#desk.ask((store) => store.count());
  }

  /** Counts a request, if the client is connected. Waits for nothing, and never throws. */
  noteRequest(id: string): void {
    this.#desk.noteRequest(id);
  }

  /**
   * Whether a client is connected, for a request that waits for it. Rejects with a {@link ServiceUnavailableError} when
   * that cannot be known; never throws.
   */
  isConnected(id: string): boolean | Promise<boolean> {
    return this.#desk.isConnected(id);
  }

  /** Whether somebody may be connected, and so requests have somebody to count for. */
  get mayHaveClients(): boolean {
    return this.#wasUsed || !this.#shared.isAlone;
  }

  /**
   * Asks the handlers, and connects the client when they are through. Who asks again meanwhile, in whatever process,
   * waits for the outcome.
   *
   * @throws {ServiceUnavailableError} when there is no room, the handlers take too long, or the store fails; what a
   *   handler throws, and then it is not connected
   */
  async connect(id: string, address: string, reason: ConnectReason): Promise<void> {
    if (id.length > DEFAULTS.maxClientIdLength)
      throw new BadRequestError(`What identifies a client has at most ${DEFAULTS.maxClientIdLength} characters.`);
    const pending = this.#pending.get(id);
    if (pending !== undefined) return pending;
    this.#wasUsed = true;
    const connecting = this.#connect(id, address, reason).finally(() => this.#pending.delete(id));
    this.#pending.set(id, connecting);
    return connecting;
  }

  /**
   * Does nothing to one that is not connected.
   *
   * @throws {ServiceUnavailableError} when the store fails
   * @throws what a handler throws; the client is disconnected nevertheless
   */
  async disconnect(id: string, reason: DisconnectReason): Promise<void> {
    await this.#pending.get(id)?.catch(() => undefined);
    const remove = async (): Promise<readonly Client[]> => {
      const client = await this.#shared.clients.remove(id);
      return client === undefined ? [] : [client];
    };
    for (const client of await this.#remove(remove, reason)) await this.#tell(client, reason);
  }

  /** Forgets clients from whom nothing comes for so long. One timer for all, which keeps no process alive. */
  watch(idleMs: number): void {
    clearInterval(this.#timer);
    this.#closing = undefined;
    if (idleMs === 0) return;
    this.#timer = setInterval(() => void this.#removeIdle(idleMs), Math.max(20, Math.min(1_000, idleMs / 4))).unref();
  }

  /**
   * Disconnects all clients of this process. One time, however often it is called, until `watch` is called again. Never
   * rejects, and waits for the store no longer than a second.
   */
  close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing ??= this.#removeOwn();
    return this.#closing;
  }

  async #connect(id: string, address: string, reason: ConnectReason): Promise<void> {
    try {
      const place = await this.#reserve(id, address);
      if (place === 'connected') return;
      if (place !== 'reserved') throw noRoom();
      const told = this.#tellConnecting(id, address, reason);
      await inTime(told, DEFAULTS.connectHandlerMs, () => notNow('Connecting took too long.'));
      if (this.#closing !== undefined) throw noRoom();
      if ((await this.#desk.ask((store) => store.commit(id))) === undefined) throw notNow('Connecting took too long.');
    } catch (error) {
      this.#shared.own(() => this.#shared.clients.abort(id), 'The place of a client was not given back; it lapses.');
      throw error;
    }
  }

  /** Waits while another process decides, which it does within the life of its reservation. */
  async #reserve(id: string, address: string): Promise<Reservation> {
    const ttlMs = DEFAULTS.connectHandlerMs + DEFAULTS.reservationSlackMs;
    const giveUpAt = performance.now() + ttlMs;
    for (;;) {
      const place = await this.#desk.ask((store) => store.reserve(id, address, ttlMs));
      if (place !== 'undecided') return place;
      if (performance.now() >= giveUpAt) throw notNow('Connecting took too long.');
      await delay(DEFAULTS.reservationPollMs);
    }
  }

  async #tellConnecting(id: string, address: string, reason: ConnectReason): Promise<void> {
    const now = Date.now();
    for (const handler of this.#connectHandlers)
      await handler({ id, address, connectedAt: now, lastSeenAt: now, requests: 0 }, this, reason);
  }

  /** Never rejects. One at a time, whatever the time that the store takes. */
  async #removeIdle(idleMs: number): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    try {
      const idle = await this.#shared.clients.removeIdle(idleMs);
      this.#desk.outage.end();
      void this.#tellAll(idle, 'idle');
    } catch (error) {
      this.#desk.outage.begin(error);
    } finally {
      this.#isSweeping = false;
    }
  }

  /** Never rejects. */
  async #removeOwn(): Promise<void> {
    try {
      const removed = await this.#remove(async () => this.#shared.clients.removeOwn(), 'shutdown');
      await this.#tellAll(removed, 'shutdown');
    } catch {
      // Its outage is told of.
    }
  }

  /** Who is removed too late to be waited for is told of all the same: nobody else gets them. */
  async #remove(call: () => Promise<readonly Client[]>, reason: DisconnectReason): Promise<readonly Client[]> {
    const removal = call();
    try {
      return await this.#desk.reach(removal);
    } catch (error) {
      void removal.then(
        (late) => this.#tellAll(late, reason),
        () => undefined,
      );
      throw error;
    }
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
