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

  delete(end: OpenEnd): void {
    const seat = this.#open.get(end);
    if (seat === undefined) return;
    this.#open.delete(end);
    this.#heartbeat.delete(end);
    seat.release();
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
}

function toSeat(outcome: Seat | Shortage): Seat {
  const headers = { 'retry-after': '10' };
  if (outcome === 'all') throw new ServiceUnavailableError('Too many channels are open.', { expose: true, headers });
  if (outcome === 'address')
    throw new TooManyRequestsError('Too many channels are open for this address.', { headers });
  return outcome;
}
