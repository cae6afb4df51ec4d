import { setTimeout as delay } from 'node:timers/promises';
import type { ClientStore, Reservation } from '../backplane/client-store.ts';
import { notNow } from '../backplane/not-now.ts';
import { Patience } from '../backplane/patience.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { DEFAULTS } from '../defaults.ts';
import { BadRequestError, ServiceUnavailableError } from '../errors/http-error.ts';
import { inTime } from '../in-time.ts';
import type { LogHolder } from '../log.ts';
import type { Client, Clients } from '../server-view.ts';
import { ANSWERS } from './client-answers.ts';
import { ClientDesk } from './client-desk.ts';

/** Why a client is no longer connected. */
export type DisconnectReason = 'request' | 'idle' | 'manual' | 'shutdown' | 'worker-lost';

/** Why a client is connected. */
export type ConnectReason = 'request' | 'manual';

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
    return this.#desk.ask((store) => store.list(), ANSWERS.clients);
  }

  get(id: string): Promise<Client | undefined> {
    return this.#desk.ask((store) => store.get(id), ANSWERS.client);
  }

  has(id: string): Promise<boolean> {
    return this.#desk.ask((store) => store.has(id), ANSWERS.has);
  }

  count(): Promise<number> {
    return this.#desk.ask((store) => store.count(), ANSWERS.count);
  }

  /** Counts a request, if the client is connected. Waits for nothing, and never throws. */
  noteRequest(id: string): void {
    this.#desk.noteRequest(id);
  }

  /**
   * Whether a client is connected, for a request that waits for it. Rejects with a {@link ServiceUnavailableError} when
   * that cannot be known; never throws.
   *
   * @param of the request
   */
  isConnected(id: string, of: () => Patience = () => new Patience()): boolean | Promise<boolean> {
    return this.#desk.isConnected(id, of);
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
  async connect(id: string, address: string, reason: ConnectReason, patience?: Patience): Promise<void> {
    if (id.length > DEFAULTS.maxClientIdLength)
      throw new BadRequestError(`What identifies a client has at most ${DEFAULTS.maxClientIdLength} characters.`);
    const pending = this.#pending.get(id);
    if (pending !== undefined) return pending;
    this.#wasUsed = true;
    const connecting = this.#connect(id, address, reason, patience).finally(() => this.#pending.delete(id));
    this.#pending.set(id, connecting);
    return connecting;
  }

  /**
   * Does nothing to one that is not connected.
   *
   * @throws {ServiceUnavailableError} when the store fails
   * @throws what a handler throws; the client is disconnected nevertheless
   */
  async disconnect(id: string, reason: DisconnectReason, patience?: Patience): Promise<void> {
    await this.#pending.get(id)?.catch(() => undefined);
    const read = (answer: unknown): readonly Client[] => {
      const client = ANSWERS.client(answer);
      return client === undefined ? [] : [client];
    };
    const removed = await this.#remove((store) => store.remove(id), reason, patience, read);
    for (const client of removed) await this.#tell(client, reason);
  }

  /** Forgets clients from whom nothing comes for so long. One timer for all, which keeps no process alive. */
  watch(idleMs: number): void {
    clearInterval(this.#timer);
    this.#closing = undefined;
    if (idleMs === 0) return;
    this.#timer = setInterval(() => void this.#removeIdle(idleMs), Math.max(20, Math.min(1_000, idleMs / 4))).unref();
  }

  /**
   * Disconnects all clients of this process, and resolves when the handlers are through, which may take them any time.
   * One time, however often it is called, until `watch` is called again. Never rejects.
   *
   * @param limitMs how long the store is waited for; never longer than a second
   */
  close(limitMs: number = DEFAULTS.storeTimeoutMs): Promise<void> {
    clearInterval(this.#timer);
    this.#closing ??= this.#removeOwn(new Patience(limitMs));
    return this.#closing;
  }

  async #connect(id: string, address: string, reason: ConnectReason, patience = new Patience()): Promise<void> {
    try {
      const place = await this.#reserve(id, address, patience);
      if (place === 'connected') return;
      if (place !== 'reserved') throw noRoom();
      const told = this.#tellConnecting(id, address, reason);
      await inTime(told, DEFAULTS.connectHandlerMs, () => notNow('Connecting took too long.'));
      if (this.#closing !== undefined) throw noRoom();
      const client = await this.#desk.ask((store) => store.commit(id), ANSWERS.client, patience);
      if (client === undefined) throw notNow('Connecting took too long.');
    } catch (error) {
      this.#abort(id);
      throw error;
    }
  }

  #abort(id: string): void {
    this.#shared.own(() => this.#shared.clients.abort(id), 'The place of a client was not given back; it lapses.');
  }

  /**
   * Waits while another process decides, which it does within the life of its reservation. This one asks for a client
   * once at a time: a reservation of its own is left over from a call whose answer was lost, and is given back.
   */
  async #reserve(id: string, address: string, patience: Patience): Promise<Reservation> {
    const ttlMs = DEFAULTS.connectHandlerMs + DEFAULTS.reservationSlackMs;
    const giveUpAt = performance.now() + ttlMs;
    for (;;) {
      const place = await this.#desk.ask((store) => store.reserve(id, address, ttlMs), ANSWERS.place, patience);
      if (place !== 'undecided') return place;
      patience.renew();
      this.#abort(id);
      if (performance.now() >= giveUpAt) throw notNow('Connecting took too long.');
      await delay(DEFAULTS.reservationPollMs);
    }
  }

  async #tellConnecting(id: string, address: string, reason: ConnectReason): Promise<void> {
    const now = Date.now();
    for (const handler of this.#connectHandlers)
      await handler({ id, address, connectedAt: now, lastSeenAt: now, requests: 0 }, this, reason);
  }

  /** Never rejects. One after the other, but that nobody waits for an answer longer than a second. */
  async #removeIdle(idleMs: number): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    try {
      const removed = await this.#remove((store) => store.removeIdle(idleMs), 'idle');
      void this.#tellAll(removed, 'idle');
    } catch {
      // Its outage is told of.
    } finally {
      this.#isSweeping = false;
    }
  }

  /** Never rejects. */
  async #removeOwn(patience: Patience): Promise<void> {
    try {
      const removed = await this.#remove((store) => store.removeOwn(), 'shutdown', patience);
      await this.#tellAll(removed, 'shutdown');
    } catch {
      // Its outage is told of.
    }
  }

  /** Who is removed too late to be waited for is told of all the same: nobody else gets them. */
  #remove(
    call: (store: ClientStore) => unknown,
    reason: DisconnectReason,
    patience?: Patience,
    read: (answer: unknown) => readonly Client[] = ANSWERS.clients,
  ): Promise<readonly Client[]> {
    return this.#desk.ask(call, read, patience, (late) => void this.#tellAll(late, reason));
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

  /** Tells all handlers, one after the other. @throws what the first one throws that does */
  async #tell(client: Client, reason: DisconnectReason): Promise<void> {
    const failures: unknown[] = [];
    for (const handler of this.#disconnectHandlers) {
      try {
        await handler(client, this, reason);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

function noRoom(): ServiceUnavailableError {
  return new ServiceUnavailableError('No more clients can be connected.', {
    headers: { 'retry-after': '60' },
    expose: true,
  });
}
