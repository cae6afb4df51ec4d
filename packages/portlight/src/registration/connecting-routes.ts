import { patienceOf } from '../backplane/patience.ts';
import type { ClientRegistry } from '../clients/client-registry.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { RouteBook } from './route-book.ts';

const NAMES = ['connect', 'disconnect'] as const;

/** The two routes by which clients connect and disconnect. */
export class ConnectingRoutes {
  readonly #book: RouteBook;
  readonly #clients: ClientRegistry;
  /** Those that are registered. */
  readonly #served: Set<(typeof NAMES)[number]> = new Set();

  constructor(book: RouteBook, clients: ClientRegistry) {
    this.#book = book;
    this.#clients = clients;
  }

  /** HEAD asks what GET would answer, and changes nothing. */
  serve(name: (typeof NAMES)[number]): void {
    const act = (request: HttpRequest): Promise<void> => {
      const { client, ip } = request;
      const patience = patienceOf(request);
      return name === 'connect'
        ? this.#clients.connect(client.id, ip, 'request', patience)
        : this.#clients.disconnect(client.id, 'request', patience);
    };
    const answer = `Client successfully ${name}ed.`;
    this.#book.add(['GET'], `/${name}`, { connectionRequired: false }, (request) => act(request).then(() => answer));
    this.#book.add(['HEAD'], `/${name}`, { connectionRequired: false }, () => answer);
    this.#served.add(name);
  }

  /**
   * What is required of clients must be possible.
   *
   * @param isRequired whether it is on all routes, or only on those that say so
   * @throws {ConfigError} when a route of the app has taken the path
   */
  complete(isRequired: boolean): void {
    const { routes, channelRoutes, eventsRoutes } = this.#book.registrations;
    const all = [...routes, ...channelRoutes, ...eventsRoutes];
    if (!isRequired && !all.some(({ options }) => options.connectionRequired === true)) return;
    const isTaken = routes.some(({ pattern, scope }) => scope.parent === undefined && pattern === '/connect');
    if (isTaken && !this.#served.has('connect'))
      throw new ConfigError(
        'A connection is required of clients, and /connect is a route of the app; use connect(handler) in its place.',
        'ERR_PORTLIGHT_DUPLICATE_ROUTE',
      );
    for (const name of NAMES) if (!this.#served.has(name)) this.serve(name);
  }
}
