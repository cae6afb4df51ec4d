import type { Connection } from '../connection.ts';
import type { Services } from '../exchange.ts';
import type { HttpLane } from '../http-lane/http-lane.ts';
import { FastConnection, type Lane } from './fast-connection.ts';
import { HeadParser } from './head-parser.ts';

/**
 * The lane without node:http, for requests that are whole and leave no question. A connection that brings anything else
 * goes over to the other lane with all its bytes, and stays there.
 */
export class FastLane implements Lane {
  readonly services: Services;
  readonly parser: HeadParser;
  persistence = '';
  readonly #other: HttpLane;

  constructor(services: Services, other: HttpLane) {
    this.services = services;
    this.parser = new HeadParser(services.config);
    this.#other = other;
    this.keepAlive(services.config.keepAliveTimeoutMs);
  }

  /** Says in responses from now on how long the connection is kept. */
  keepAlive(ms: number): void {
    this.persistence = 'Connection: keep-alive\r\n';
    if (ms > 0) this.persistence += `Keep-Alive: timeout=${Math.floor(ms / 1_000)}\r\n`;
  }

  accept(connection: Connection): void {
    new FastConnection(connection, this).listen();
  }

  handOver(connection: Connection, bytesUsed: number): void {
    this.#other.accept(connection, bytesUsed);
  }
}
