import type { FilesOptions } from '../config/files-options.ts';
import type { RouteOptions } from '../config/route-options.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { ChannelRoute, EventsRoute } from '../handlers/channel-route.ts';
import { type FolderRoute, patternOfFolder } from '../handlers/folder-route.ts';
import type { HttpRoute } from '../handlers/http-route.ts';
import { Scope } from '../handlers/scope.ts';
import type { Taker } from '../handlers/taker.ts';
import type { Registrations } from '../planning/registrations.ts';
import type { RoutePattern } from '../routing/pattern.ts';
import { RouteTable } from '../routing/route-table.ts';
import { RouteList } from './route-list.ts';

/** Who else has a say in whether something may be registered. */
export interface BookOwner {
  /** Why nothing can be registered any more; `undefined` while it can. */
  whyClosed(): string | undefined;
  /** Called before each registration. */
  changed(): void;
}

/** What a router has registered: its routes, none of them twice, and the scopes that they stand in. */
export class RouteBook {
  /** Set by a server. */
  owner: BookOwner | undefined;
  readonly strictSlashes: boolean;
  readonly #routes: RouteList<HttpRoute>;
  readonly #channelRoutes: RouteList<ChannelRoute>;
  readonly #eventsRoutes: RouteList<EventsRoute>;
  readonly #folders: RouteList<FolderRoute & { readonly pattern: string }>;
  /** The root first, then those of the mounted routers. */
  readonly #scopes: Scope[] = [new Scope()];
  /** The prefix under which another router took over what is here. */
  #mountedAt: string | undefined;

  constructor(strictSlashes: boolean) {
    this.strictSlashes = strictSlashes;
    this.#routes = new RouteList(strictSlashes, ({ method }) => method);
    this.#channelRoutes = new RouteList(strictSlashes, () => 'accept');
    this.#eventsRoutes = new RouteList(strictSlashes, () => 'events');
    this.#folders = new RouteList(false, () => 'files');
  }

  get root(): Scope {
    return this.#scopes[0] as Scope;
  }

  get registrations(): Registrations {
    return {
      routes: this.#routes.all,
      channelRoutes: this.#channelRoutes.all,
      eventsRoutes: this.#eventsRoutes.all,
      folders: this.#folders.all,
      scopes: this.#scopes,
    };
  }

  /** Why nothing can be registered any more; `undefined` while it can. */
  get whyClosed(): string | undefined {
    const reason = this.owner?.whyClosed();
    if (reason !== undefined || this.#mountedAt === undefined) return reason;
    return `it was mounted at ${JSON.stringify(this.#mountedAt)}`;
  }

  /** @throws {ConfigError} when registrations come too late */
  assertOpen(call: string): void {
    const reason = this.whyClosed;
    if (reason !== undefined)
      throw new ConfigError(`${call} comes too late for this router: ${reason}.`, 'ERR_PORTLIGHT_LATE_REGISTRATION');
    this.owner?.changed();
  }

  /** @throws {ConfigError} on a bad pattern, or a route that is there already; so do the four below */
  add(
    methods: readonly (string | null)[],
    pattern: RoutePattern,
    options: RouteOptions,
    handler: HttpRoute['handler'],
    isOurs = false,
  ): void {
    const verbs = methods
      .map((method) => method ?? 'all')
      .sort()
      .join('|');
    this.#routes.add(methods.map((method) => ({ method, verbs, pattern, options, handler, scope: this.root, isOurs })));
  }

  addChannelRoute(pattern: RoutePattern, options: RouteOptions, handlers: ChannelRoute['handlers']): void {
    this.#channelRoutes.add([{ pattern, options, handlers, scope: this.root }]);
  }

  addEventsRoute(pattern: RoutePattern, options: RouteOptions, handler: EventsRoute['handler']): void {
    this.#eventsRoutes.add([{ pattern, options, handler, scope: this.root }]);
  }

  addFolder(prefix: string, root: string, options: FilesOptions): void {
    this.#folders.add([{ prefix, pattern: patternOfFolder(prefix), root, options, scope: this.root }]);
  }

  /** Registers a guest, by every method, and for upgrades where it takes them. */
  addTaker(pattern: RoutePattern, options: RouteOptions, taker: Taker): void {
    // Whatever it is asked by counts for one limit.
    const route = { pattern, options, scope: this.root, taker, verbs: 'all' };
    const upgrades = taker.upgrade === undefined ? [] : [{ ...route, handlers: {} }];
    this.#channelRoutes.check(upgrades);
    this.#routes.add([{ ...route, method: null, handler: () => undefined }]);
    this.#channelRoutes.add(upgrades);
  }

  /** @throws {ConfigError} when it is none, or cannot stand behind the prefix */
  checkPattern(call: 'use' | 'mount', pattern: RoutePattern, prefix?: string): void {
    new RouteTable<true>({ strictSlashes: this.strictSlashes }).add(call, pattern, true, prefix);
  }

  /**
   * Takes over what another book holds, under a prefix, and closes that one.
   *
   * @throws {ConfigError} when one of its routes is here already; then nothing of it is taken over
   */
  mount(prefix: string, other: RouteBook): void {
    const under = prefix === '/' ? '' : prefix;
    this.checkPattern('mount', '/', under);
    const scopes = this.#copyScopes(other, under);
    const move = <Route extends { readonly scope: Scope }>(route: Route): Route => ({
      ...route,
      scope: scopes.get(route.scope) as Scope,
    });
    const [channelRoutes, eventsRoutes] = [other.#channelRoutes.all.map(move), other.#eventsRoutes.all.map(move)];
    const folders = other.#folders.all.map(move);
    // Nothing is taken over when something is refused.
    this.#channelRoutes.check(channelRoutes);
    this.#eventsRoutes.check(eventsRoutes);
    this.#folders.check(folders);
    this.#routes.add(other.#routes.all.map(move));
    this.#channelRoutes.add(channelRoutes);
    this.#eventsRoutes.add(eventsRoutes);
    this.#folders.add(folders);
    this.#scopes.push(...scopes.values());
    other.#mountedAt ??= prefix;
  }

  /** Copies of all scopes of another book, nested below the root of this one. */
  #copyScopes(other: RouteBook, prefix: string): Map<Scope, Scope> {
    const copies = new Map<Scope, Scope>();
    for (const scope of other.#scopes) {
      const above = scope.parent === undefined ? this.root : (copies.get(scope.parent) as Scope);
      const under = this.root.prefix + prefix + scope.prefix;
      const copy = scope.under(above, under);
      for (const { pattern } of copy.middleware) if (pattern !== undefined) other.checkPattern('use', pattern, under);
      copies.set(scope, copy);
    }
    return copies;
  }
}
