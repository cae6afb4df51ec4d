import type { Admission, Seat, Shortage } from '../backplane/admission.ts';
import { MemoryAdmission } from '../backplane/memory-admission.ts';
import type { WebSocketConfig } from '../config/websocket-options.ts';
import { ServiceUnavailableError, TooManyRequestsError } from '../errors/http-error.ts';
import type { Beating } from './heartbeat.ts';
import { Heartbeat } from './heartbeat.ts';

/** What is open: a WebSocket channel, or an event stream. */
export interface OpenEnd extends Beating {
  /** Ends it because the server stops. */
  endForStop(): void;
}

/**
 * All that is open on a server. It finds a seat for each, keeps the heartbeat, and ends everything when the server
 * stops.
 */
export class ChannelRegistry {
  readonly #open: Map<OpenEnd, Seat> = new Map();
  /** Those whose connection is gone, and whose handlers have not all run. */
  readonly #ending: Set<OpenEnd> = new Set();
  readonly #onEnded: (() => void)[] = [];
  readonly #heartbeat: Heartbeat;
  readonly #admission: Admission;
  readonly #onStop: (() => void)[] = [];
  #isStopping = false;

  constructor(
    config: Pick<WebSocketConfig, 'maxChannels' | 'maxChannelsPerIp' | 'heartbeatMs'>,
    admission: Admission = new MemoryAdmission(config.maxChannels, config.maxChannelsPerIp),
  ) {
    this.#admission = admission;
    this.#heartbeat = new Heartbeat(Math.max(5, Math.min(1_000, config.heartbeatMs / 4)));
  }

  get count(): number {
    return this.#open.size;
  }

  /** How many are closed whose handlers have not all run. */
  get endingCount(): number {
    return this.#ending.size;
  }

  /** @throws {ServiceUnavailableError} when the server stops */
  assertServing(): void {
    if (this.#isStopping)
      throw new ServiceUnavailableError('The server stops.', { expose: true, headers: { 'retry-after': '1' } });
  }

  /**
   * Finds a seat for what is to be opened; it is to be given to `add`, or back.
   *
   * @throws {ServiceUnavailableError} when too much is open, or the server stops; {TooManyRequestsError} when too much
   *   is open for one address
   */
  reserve(ip: string): Seat | Promise<Seat> {
    this.assertServing();
    const seat = this.#admission.reserve(ip);
    return seat instanceof Promise ? seat.then(toSeat) : toSeat(seat);
  }

  add(end: OpenEnd, seat: Seat): void {
    this.#open.set(end, seat);
    this.#heartbeat.add(end);
    if (this.#isStopping) end.endForStop();
  }

  /** The connection of one is gone: its seat is free. Its handlers go on until `delete`. */
  close(end: OpenEnd): void {
    const seat = this.#open.get(end);
    if (seat === undefined) return;
    this.#open.delete(end);
    this.#ending.add(end);
    this.#heartbeat.delete(end);
    seat.release();
  }

  /** Nothing more comes of it. */
  delete(end: OpenEnd): void {
    this.close(end);
    this.#ending.delete(end);
    if (this.#hasEnded) for (const resolve of this.#onEnded.splice(0)) resolve();
  }

  /** Resolves when nothing is open, and all handlers of what was have run. */
  ended(): Promise<void> {
    return this.#hasEnded ? Promise.resolve() : new Promise((resolve) => this.#onEnded.push(resolve));
  }

  /** Calls when the server begins to stop, beside what is open. */
  onStop(listener: () => void): void {
    this.#onStop.push(listener);
  }

  /** From now on there may be channels. */
  start(): void {
    this.#isStopping = false;
  }

  /** Ends all that is open, and whatever is opened from now on. */
  stop(): void {
    const listeners = this.#isStopping ? [] : this.#onStop;
    this.#isStopping = true;
    for (const end of this.#open.keys()) end.endForStop();
    for (const listener of listeners) listener();
  }

  get #hasEnded(): boolean {
    return this.#open.size === 0 && this.#ending.size === 0;
  }
}

function toSeat(outcome: Seat | Shortage): Seat {
  const headers = { 'retry-after': '10' };
  const what = 'Too many WebSockets and event streams are open';
  if (outcome === 'all') throw new ServiceUnavailableError(`${what}.`, { expose: true, headers });
  if (outcome === 'address') throw new TooManyRequestsError(`${what} for this address.`, { headers });
  return outcome;
}
