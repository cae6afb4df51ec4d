import { ServiceUnavailableError, TooManyRequestsError } from '../errors/http-error.ts';
import type { WebSocketConfig } from '../config/websocket-options.ts';
import type { Beating } from './heartbeat.ts';
import { Heartbeat } from './heartbeat.ts';

/** What is open: a WebSocket channel, or an event stream. */
export interface OpenEnd extends Beating {
  readonly ip: string;
  /** Ends it because the server stops. */
  endForStop(): void;
}

/** All that is open on a server. It keeps the limits and the heartbeat, and ends everything when the server stops. */
export class ChannelRegistry {
  readonly #open: Set<OpenEnd> = new Set();
  readonly #perIp: Map<string, number> = new Map();
  readonly #heartbeat: Heartbeat;
  readonly #config: Pick<WebSocketConfig, 'maxChannels' | 'maxChannelsPerIp' | 'heartbeatMs'>;
  #isStopping = false;

  constructor(config: Pick<WebSocketConfig, 'maxChannels' | 'maxChannelsPerIp' | 'heartbeatMs'>) {
    this.#config = config;
    this.#heartbeat = new Heartbeat(Math.max(5, Math.min(1_000, config.heartbeatMs / 4)));
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * @throws {ServiceUnavailableError} when too much is open, or the server stops; {TooManyRequestsError} when too much
   *   is open for one address
   */
  assertRoom(ip: string): void {
    if (this.#isStopping)
      throw new ServiceUnavailableError('The server stops.', { expose: true, headers: { 'retry-after': '1' } });
    if (this.#open.size >= this.#config.maxChannels)
      throw new ServiceUnavailableError('Too many channels are open.', {
        expose: true,
        headers: { 'retry-after': '10' },
      });
    if ((this.#perIp.get(ip) ?? 0) >= this.#config.maxChannelsPerIp)
      throw new TooManyRequestsError('Too many channels are open for this address.', {
        headers: { 'retry-after': '10' },
      });
  }

  add(end: OpenEnd): void {
    this.#open.add(end);
    this.#perIp.set(end.ip, (this.#perIp.get(end.ip) ?? 0) + 1);
    this.#heartbeat.add(end);
    if (this.#isStopping) end.endForStop();
  }

  delete(end: OpenEnd): void {
    if (!this.#open.delete(end)) return;
    this.#heartbeat.delete(end);
    const left = (this.#perIp.get(end.ip) ?? 1) - 1;
    if (left === 0) this.#perIp.delete(end.ip);
    else this.#perIp.set(end.ip, left);
  }

  /** From now on there may be channels. */
  start(): void {
    this.#isStopping = false;
  }

  /** Ends all that is open, and whatever is opened from now on. */
  stop(): void {
    this.#isStopping = true;
    for (const end of this.#open) end.endForStop();
  }
}
