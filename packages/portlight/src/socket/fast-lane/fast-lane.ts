import { DEFAULTS } from '../../defaults.ts';
import { RequestTimeoutError } from '../../errors/http-error.ts';
import type { Connection } from '../connection.ts';
import type { Services } from '../exchange.ts';
import type { HttpLane } from '../http-lane/http-lane.ts';
import { refuse } from '../refuse.ts';
import { FastConnection, type Lane } from './fast-connection.ts';
import { HeadParser } from './head-parser.ts';

/** When a connection was last seen to bring a request, and how many it had brought. */
interface Sighting {
  at: number;
  requests: number;
}

const LEAST_INTERVAL_MS = 20;

/**
 * The lane without node:http, for requests that are whole and leave no question. A connection that brings anything else goes
 * over to the other lane with all its bytes, and stays there.
 */
export class FastLane implements Lane {
  readonly services: Services;
  readonly parser: HeadParser;
  readonly persistence: string;
  readonly #other: HttpLane;
  readonly #carriers: Map<FastConnection, Sighting> = new Map();
  readonly #timer: NodeJS.Timeout;

  constructor(services: Services, other: HttpLane) {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = services.config;
    this.services = services;
    this.parser = new HeadParser(services.config);
    this.persistence = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeoutMs / 1_000)}\r\n`;
    this.#other = other;
    const shortestMs = Math.min(headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs);
    this.#timer = setInterval(() => this.#lookAround(performance.now()), Math.max(LEAST_INTERVAL_MS, Math.min(DEFAULTS.timeoutCheckMs, shortestMs / 4))).unref();
  }

  accept(connection: Connection): void {
    const carrier = new FastConnection(connection, this);
    this.#carriers.set(carrier, { at: performance.now(), requests: 0 });
    connection.socket.once('close', () => this.#carriers.delete(carrier));
  }

  handOver(carrier: FastConnection): void {
    this.#carriers.delete(carrier);
    this.#other.accept(carrier.connection);
  }

  /** To be called when no connection is left. */
  close(): void {
    clearInterval(this.#timer);
  }

  /** One timer looks at all connections, so that a request moves none. */
  #lookAround(now: number): void {
    for (const [carrier, seen] of this.#carriers) {
      if (carrier.requests !== seen.requests || isBusy(carrier)) {
        seen.requests = carrier.requests;
        seen.at = now;
      } else this.#closeIfIdle(carrier, now - seen.at);
    }
  }

  #closeIfIdle({ connection, requests }: FastConnection, idleMs: number): void {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = this.services.config;
    if (requests > 0 && idleMs >= keepAliveTimeoutMs) connection.socket.destroy();
    if (requests === 0 && idleMs >= Math.min(headersTimeoutMs, requestTimeoutMs)) {
      refuse(connection, new RequestTimeoutError('The request did not arrive in time.'), this.services.pipeline);
    }
  }
}

/** Whether we owe the client something: an answer, or bytes that it has not taken yet. */
function isBusy({ connection }: FastConnection): boolean {
  return connection.state === 'busy' || connection.socket.writableLength > 0;
}
