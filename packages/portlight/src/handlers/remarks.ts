import type { LogHolder } from '../log.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import type { HttpResponse } from '../response/http-response.ts';

/** What is said of requests and responses to who debugs an app. */
export class Remarks {
  readonly #log: LogHolder;
  /** Routes whose missing schema was told of. */
  readonly #toldOf: Set<string> = new Set();

  constructor(log: LogHolder) {
    this.#log = log;
  }

  /** Says so when the handler of a route without a schema for bodies reads one that nobody makes. */
  watch(route: string, request: HttpRequest): void {
    controls.watchBody(request, () => this.#tellOfBody(route));
  }

  tell(response: HttpResponse, request: HttpRequest | undefined): void {
    const { logger } = this.#log;
    logger.debug({ method: request?.method, path: request?.path, status: response.status }, 'Answered.');
    if (typeof response.body !== 'string' || !response.body.startsWith('HTTP/1.')) return;
    logger.warn(
      { path: request?.path },
      'A reply begins with HTTP/1. and is sent as text; HttpResponse.raw reads a whole response.',
    );
  }

  #tellOfBody(route: string): void {
    if (this.#toldOf.has(route)) return;
    this.#toldOf.add(route);
    this.#log.logger.warn(
      {},
      `${route} reads request.body, which only a body schema makes; write await request.json(), or give the route the option body.`,
    );
  }
}
