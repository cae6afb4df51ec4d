import { toFolderCore } from '../handlers/answer-from-folder.ts';
import { dropFound, findFallback, findInFolder } from '../handlers/find-in-folder.ts';
import { type FolderRoute, patternOfFolder } from '../handlers/folder-route.ts';
import { controls, type HttpRequest } from '../request/http-request.ts';
import type { RouteMatch } from '../routing/route-match.ts';
import { RouteTable } from '../routing/route-table.ts';
import type { Plan } from './plan.ts';
import type { Planner } from './planner.ts';

/** A folder, the paths below its prefix, and what its files pass. */
interface PlannedFolder {
  readonly folder: FolderRoute;
  readonly paths: RouteTable<Plan>;
  /** How many names its prefix has. */
  readonly depth: number;
}

/** A folder that a path lies below. */
export interface FolderAtPath {
  readonly folder: FolderRoute;
  readonly plan: Plan;
  readonly params: RouteMatch<Plan>['params'];
}

interface FoundPlan {
  readonly plan: Plan;
  /** Whether it answers the request; else the path has a file, and the method has to be refused. */
  readonly isAnswer: boolean;
}

/** The plans for files: asked where no route takes a path, the longest prefix first. */
export class FolderPlans {
  readonly #folders: readonly PlannedFolder[];
  readonly #varying: WeakMap<Plan, Plan> = new WeakMap();

  constructor(folders: readonly FolderRoute[], planner: Planner) {
    this.#folders = folders.map((folder) => plan(folder, planner)).sort((one, other) => other.depth - one.depth);
  }

  get isEmpty(): boolean {
    return this.#folders.length === 0;
  }

  /** The folders that may have something at a path. @param path a canonical one that no route takes */
  at(path: string): readonly FolderAtPath[] {
    const folders: FolderAtPath[] = [];
    for (const { folder, paths } of this.#folders) {
      const match = paths.match('GET', path);
      if (match !== undefined) folders.push({ folder, plan: match.target, params: match.params });
    }
    return folders;
  }

  /**
   * The plan of the first of these folders that has a file for the request, or a page in its place; for another method
   * than GET or HEAD, that of the file that the path has. Where a disk fails, its folder answers with that failure.
   */
  async find(request: HttpRequest, folders: readonly FolderAtPath[]): Promise<FoundPlan | undefined> {
    const reads = request.method === 'GET' || request.method === 'HEAD';
    for (const { folder, plan, params } of folders) {
      try {
        if (!(await findInFolder(folder, request, (params['path'] as readonly string[] | undefined) ?? []))) continue;
      } catch (error) {
        return toFailing(plan, error);
      }
      if (reads) controls.setParams(request, params);
      else dropFound(request);
      return { plan, isAnswer: reads };
    }
    return reads ? findFallbackAmong(folders, request) : undefined;
  }

  /** What is answered in place of such a page: to another Accept it would have been that, which caches have to know. */
  varying(plan: Plan): Plan {
    const known = this.#varying.get(plan);
    if (known !== undefined) return known;
    const core: Plan['core'] = async (request) => {
      const response = await plan.core(request);
      response.headers.append('vary', 'Accept');
      return response;
    };
    const made = { ...plan, core };
    this.#varying.set(plan, made);
    return made;
  }
}

async function findFallbackAmong(
  folders: readonly FolderAtPath[],
  request: HttpRequest,
): Promise<FoundPlan | undefined> {
  for (const { folder, plan } of folders) {
    try {
      if (await findFallback(folder, request)) return { plan, isAnswer: true };
    } catch (error) {
      return toFailing(plan, error);
    }
  }
  return undefined;
}

/** The same plan, for a request that its disk has failed. */
function toFailing(plan: Plan, error: unknown): FoundPlan {
  const core: Plan['core'] = () => {
    throw error;
  };
  return { plan: { ...plan, core }, isAnswer: true };
}

/** Whether a page stands in for files that are not there. */
export function mayFallBack(folders: readonly FolderAtPath[]): boolean {
  return folders.some(({ folder }) => folder.options.fallback !== undefined);
}

function plan(folder: FolderRoute, planner: Planner): PlannedFolder {
  const { prefix, scope, options } = folder;
  const pattern = patternOfFolder(prefix);
  const paths = new RouteTable<Plan>({ strictSlashes: false });
  const { use, rateLimit } = options;
  const route = { scope, pattern, options: { use, rateLimit }, verbs: 'files', isOurs: true };
  paths.add('GET', pattern, planner.planRoute(route, 'files', toFolderCore(folder)), scope.prefix);
  return { folder, paths, depth: `${scope.prefix}${prefix}`.split('/').filter((name) => name !== '').length };
}
