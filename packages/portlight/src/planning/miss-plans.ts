import { RecentMap } from '../backplane/recent-map.ts';
import { DEFAULTS } from '../defaults.ts';
import { BadRequestError, HttpError, MethodNotAllowedError, NotFoundError } from '../errors/http-error.ts';
import type { RouteCore } from '../handlers/call-handler.ts';
import type { Scope } from '../handlers/scope.ts';
import type { LogHolder } from '../log.ts';
import { controls } from '../request/http-request.ts';
import { HttpResponse } from '../response/http-response.ts';
import type { RouteTable } from '../routing/route-table.ts';
import type { Plan } from './plan.ts';
import type { Planner } from './planner.ts';
import { refuseAlways } from './refuse-always.ts';

/** The routes of a server by their kinds. */
export interface PlanTables {
  readonly http: RouteTable<Plan>;
  readonly upgrades: RouteTable<Plan>;
  readonly events: RouteTable<Plan>;
}

/**
 * The plans for what no route takes: 404; and where a path is known 405, 406, 426, or what OPTIONS asks for. Each is
 * worked out when it is first asked for, and kept.
 */
export class MissPlans {
  /** For a path that is no route's. */
  readonly unknown: Plan;
  /** For a target that is refused: the error stands in it. */
  readonly refused: Plan;
  /** `OPTIONS *` asks what the server can do at all (RFC 9110 §9.3.7). */
  readonly #asterisk: Plan;
  readonly #badAsterisk: Plan;
  readonly #tables: PlanTables;
  readonly #planner: Planner;
  readonly #log: LogHolder;
  /** By the plan that the path is known by, and by what is answered: nothing in it is a client's word. */
  readonly #claimed: Map<Plan, RecentMap<Plan>> = new Map();

  /** @param hasFiles whether there are folders of files */
  constructor(tables: PlanTables, planner: Planner, log: LogHolder, hasFiles: boolean) {
    this.#tables = tables;
    this.#planner = planner;
    this.#log = log;
    this.unknown = planner.planUnknown(this.#refuse(planner.root, notFound));
    this.refused = planner.planRefused((request) => {
      throw controls.target(request).refusal as HttpError;
    });
    this.#asterisk = {
      ...this.unknown,
      core: answerAllow(withOptions([...tables.http.methods(), ...(hasFiles ? ['GET', 'HEAD'] : [])])),
    };
    this.#badAsterisk = planner.planRefused(this.#refuse(planner.root, badAsterisk));
  }

  /**
   * @param path a canonical one which no route takes by this method, or `*`
   * @param file the plan of the file that is there
   */
  find(method: string, path: string, file?: Plan): Plan {
    if (path === '*') return method === 'OPTIONS' ? this.#asterisk : this.#badAsterisk;
    const byHttp = this.#tables.http.allowed(path);
    const byUpgrade = this.#tables.upgrades.allowed(path);
    const byEvents = this.#tables.events.allowed(path);
    const claim = (byHttp ?? byUpgrade ?? byEvents)?.target ?? file;
    if (claim === undefined) return this.unknown;
    if ((method === 'GET' || method === 'HEAD') && (byUpgrade ?? byEvents) !== undefined) {
      const [status, makeError] = byEvents === undefined ? [426, upgradeRequired] : [406, notAcceptable];
      return this.#once(claim, String(status), ({ scope, missGuards }) =>
        this.#planner.planClaimed(scope, this.#refuse(scope, makeError), missGuards),
      );
    }
    const methods = withOptions([
      ...(byHttp?.methods ?? []),
      ...(byUpgrade === undefined ? [] : ['GET']),
      ...(byEvents === undefined && file === undefined ? [] : ['GET', 'HEAD']),
    ]);
    if (method === 'OPTIONS')
      return this.#once(claim, `OPTIONS ${methods.join(' ')}`, ({ scope, missGuards }) =>
        this.#planner.planClaimed(scope, answerAllow(methods), missGuards),
      );
    return this.#once(claim, methods.join(' '), ({ scope, missGuards }) =>
      this.#planner.planClaimed(
        scope,
        this.#refuse(scope, () => methodNotAllowed(methods)),
        missGuards,
      ),
    );
  }

  #refuse(scope: Scope, makeError: () => HttpError): RouteCore {
    return refuseAlways(scope, makeError, this.#log);
  }

  #once(claim: Plan, answer: string, plan: (claim: Plan) => Plan): Plan {
    let plans = this.#claimed.get(claim);
    if (plans === undefined) this.#claimed.set(claim, (plans = new RecentMap(DEFAULTS.maxMissPlans)));
    const known = plans.get(answer);
    if (known !== undefined) return known;
    const made = plan(claim);
    plans.set(answer, made);
    return made;
  }
}

function withOptions(methods: readonly string[]): readonly string[] {
  return [...new Set([...methods, 'OPTIONS'])].sort();
}

function answerAllow(methods: readonly string[]): RouteCore {
  return () => new HttpResponse(null, { status: 204, headers: { allow: methods.join(', ') } });
}

function notFound(): HttpError {
  return new NotFoundError('There is nothing at this path.');
}

function badAsterisk(): HttpError {
  return new BadRequestError('Only OPTIONS may have the target "*".');
}

function upgradeRequired(): HttpError {
  return new HttpError(426, 'This path is for WebSockets.', { headers: { upgrade: 'websocket' } });
}

function notAcceptable(): HttpError {
  return new HttpError(406, 'This path is a stream of events; ask for text/event-stream.');
}

function methodNotAllowed(methods: readonly string[]): HttpError {
  return new MethodNotAllowedError(methods, `This path takes ${methods.join(', ')}.`);
}
