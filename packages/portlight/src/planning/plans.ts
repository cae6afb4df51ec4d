import type { ServerConfig } from '../config/server-options.ts';
import { namesMediaType } from '../fields/accept.ts';
import type { Guard } from '../guards/guard.ts';
import type { GuardSet } from '../guards/guard-set.ts';
import { guardGuest } from '../guards/guest-guard.ts';
import { guardHandshake } from '../guards/handshake-guard.ts';
import { reserveChannel, toUpgradeCore } from '../handlers/accept-upgrade.ts';
import { toCore } from '../handlers/call-handler.ts';
import type { ChannelServices } from '../handlers/channel-services.ts';
import { toEventsCore } from '../handlers/open-events.ts';
import type { Taker } from '../handlers/taker.ts';
import { toTakerCore, toTakerUpgradeCore } from '../handlers/takeover.ts';
import type { LogHolder } from '../log.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import { parseTarget } from '../request/target.ts';
import type { RouteMatch } from '../routing/route-match.ts';
import { RouteTable } from '../routing/route-table.ts';
import { type FolderAtPath, FolderPlans, mayFallBack } from './folder-plans.ts';
import { MissPlans } from './miss-plans.ts';
import type { Plan } from './plan.ts';
import { Planner } from './planner.ts';
import type { Registrations } from './registrations.ts';

const WEBSOCKET: readonly string[] = ['websocket'];

/** The plans of a server: for each of its routes, and for what no route takes. */
export class Plans {
  /** Whether there are guests at all. */
  readonly hasTakers: boolean = false;
  /** Whether anybody hears of exchanges that are over. */
  readonly isObserved: boolean;
  readonly #http: RouteTable<Plan>;
  readonly #upgrades: RouteTable<Plan>;
  readonly #events: RouteTable<Plan>;
  readonly #folders: FolderPlans;
  readonly #misses: MissPlans;

  constructor(
    registrations: Registrations,
    guards: GuardSet,
    channels: ChannelServices,
    config: ServerConfig,
    log: LogHolder,
  ) {
    const planner = new Planner(registrations.scopes, guards, config);
    this.isObserved = registrations.scopes.some(({ observers }) => observers.length > 0);
    const { strictSlashes } = config;
    this.#http = new RouteTable({ strictSlashes });
    this.#upgrades = new RouteTable({ strictSlashes });
    this.#events = new RouteTable({ strictSlashes });
    for (const route of registrations.routes) {
      const { method, pattern, scope, taker } = route;
      const core = taker === undefined ? toCore(route) : toTakerCore(taker);
      const needsNode = taker !== undefined;
      if (needsNode) channels.registry.onStop(() => taker.stop?.());
      this.hasTakers ||= needsNode;
      this.#http.add(method, pattern, { ...planner.planRoute(route, method, core), needsNode }, scope.prefix);
    }
    const findRoom = (request: HttpRequest): void | Promise<void> => reserveChannel(request, channels.registry);
    const guardOf = (taker: Taker): Guard =>
      guardGuest(findRoom, channels.config, log, (origin) => taker.allowsOrigin?.(origin) === true);
    const handshake = guardHandshake(findRoom, channels.config, log);
    for (const route of registrations.channelRoutes) {
      const { pattern, scope, taker } = route;
      if (taker === undefined && !channels.config.isOn) continue;
      const core = taker === undefined ? toUpgradeCore(route, channels) : toTakerUpgradeCore(taker);
      const plan = planner.planRoute(route, 'accept', core);
      const guards = [taker === undefined ? handshake : guardOf(taker), ...plan.guards];
      this.#upgrades.add('GET', pattern, { ...plan, guards, protocols: taker?.protocols }, scope.prefix);
    }
    for (const route of registrations.eventsRoutes) {
      const plan = planner.planRoute(route, 'events', toEventsCore(route, channels));
      this.#events.add('GET', route.pattern, plan, route.scope.prefix);
    }
    const tables = { http: this.#http, upgrades: this.#upgrades, events: this.#events };
    this.#folders = new FolderPlans(registrations.folders, planner);
    this.#misses = new MissPlans(tables, planner, log, !this.#folders.isEmpty);
  }

  /** For what is not known to be a request. */
  get unknown(): Plan {
    return this.#misses.unknown;
  }

  /** Whether there are WebSocket routes, and they are on. */
  get hasUpgrades(): boolean {
    return this.#upgrades.size > 0;
  }

  /** Whether an upgrade on this target has a route. @param protocol in lower case */
  takesUpgrade(target: string, protocol: string): boolean {
    const { path, refusal } = parseTarget(target);
    const match = refusal === undefined ? this.#upgrades.match('GET', path) : undefined;
    return match !== undefined && (match.target.protocols ?? WEBSOCKET).includes(protocol);
  }

  /** Whether a request can be answered only with what node:http has of it. */
  needsNode(method: string, target: string): boolean {
    const { path, refusal } = parseTarget(target);
    return refusal === undefined && this.#http.match(method, path)?.target.needsNode === true;
  }

  /**
   * Finds the plan of a request, and gives the request the params of its route. A promise only where a disk is asked.
   */
  find(request: HttpRequest): Plan | Promise<Plan> {
    const plan = this.#find(request);
    if (plan instanceof Promise) return plan.then((late) => this.#take(late, request));
    return this.#take(plan, request);
  }

  #take(plan: Plan, request: HttpRequest): Plan {
    controls.setPlan(request, plan);
    return plan;
  }

  #find(request: HttpRequest): Plan | Promise<Plan> {
    const { path, refusal } = controls.target(request);
    if (refusal !== undefined) return this.#misses.refused;
    const match = this.#match(request, path);
    if (match === undefined) {
      const folders = this.#folders.at(path);
      return folders.length === 0 ? this.#misses.find(request.method, path) : this.#findFile(request, path, folders);
    }
    controls.setParams(request, match.params);
    return match.target;
  }

  async #findFile(request: HttpRequest, path: string, folders: readonly FolderAtPath[]): Promise<Plan> {
    const found = await this.#folders.find(request, folders);
    if (found?.isAnswer === true) return found.plan;
    const { method } = request;
    const miss = this.#misses.find(method, path, found?.plan);
    const reads = method === 'GET' || method === 'HEAD';
    return reads && mayFallBack(folders) ? this.#folders.varying(miss) : miss;
  }

  /** A path may have routes of all kinds: an upgrade goes to `accept`, who names event streams to `events`. */
  #match(request: HttpRequest, path: string): RouteMatch<Plan> | undefined {
    if (controls.isUpgrade(request)) return this.#upgrades.match('GET', path);
    const wantsEvents =
      this.#events.size > 0 &&
      (request.method === 'GET' || request.method === 'HEAD') &&
      namesMediaType(request.header('accept'), 'text/event-stream');
    return (wantsEvents ? this.#events.match('GET', path) : undefined) ?? this.#http.match(request.method, path);
  }
}
