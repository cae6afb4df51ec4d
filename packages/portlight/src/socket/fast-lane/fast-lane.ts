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
  readonly persistence: string;
  readonly #other: HttpLane;

  constructor(services: Services, other: HttpLane) {
    this.services = services;
    this.parser = new HeadParser(services.config);
    this.persistence = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(services.config.keepAliveTimeoutMs / 1_000)}\r\n`;
    this.#other = other;
  }

  accept(connection: Connection): void {
    new FastConnection(connection, this).listen();
  }

  handOver(connection: Connection, bytesUsed: number): void {
    this.#other.accept(connection, bytesUsed);
  }
}
