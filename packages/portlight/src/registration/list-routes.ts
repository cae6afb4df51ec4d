import type { FilesOptions } from '../config/files-options.ts';
import type { RouteOptions } from '../config/route-options.ts';
import { patternOfFolder } from '../handlers/folder-route.ts';
import type { Scope } from '../handlers/scope.ts';
import type { Registrations } from '../planning/registrations.ts';
import { formatPattern } from '../routing/describe-route.ts';
import type { RoutePattern } from '../routing/pattern.ts';

/**
 * A route as a list shows it. Its pattern has the prefixes of its routers, as `request.route` says it: `/users/:id`,
 * `*` for every path, a RegExp as it is written. Its options are a copy; a method of `null` is every one.
 */
export type RegisteredRoute =
  | {
      readonly kind: 'http' | 'websocket' | 'events';
      readonly method: string | null;
      readonly pattern: string;
      readonly options: RouteOptions;
    }
  | {
      readonly kind: 'files';
      readonly method: 'GET';
      readonly pattern: string;
      readonly options: FilesOptions;
    };

type ListedRoute = Exclude<RegisteredRoute, { readonly kind: 'files' }>;
type ListedFolder = Extract<RegisteredRoute, { readonly kind: 'files' }>;

interface Listed {
  readonly pattern: RoutePattern;
  readonly options: RouteOptions;
  readonly scope: Scope;
}

/** All routes, in the order of their registration within each kind. */
export function listRoutes({
  routes,
  channelRoutes,
  eventsRoutes,
  folders,
}: Registrations): readonly RegisteredRoute[] {
  const list = (
    kind: ListedRoute['kind'],
    method: string | null,
    { pattern, options, scope }: Listed,
  ): ListedRoute => ({
    kind,
    method,
    pattern: formatPattern(pattern, scope.prefix),
    // What is changed in a list must not change what is served.
    options: { ...options, ...(options.tags && { tags: [...options.tags] }) },
  });
  return [
    ...routes.map((route) => list('http', route.method, route)),
    ...channelRoutes.map((route) => list('websocket', 'GET', route)),
    ...eventsRoutes.map((route) => list('events', 'GET', route)),
    ...folders.map(({ prefix, scope, options }): ListedFolder => ({
      kind: 'files',
      method: 'GET',
      pattern: formatPattern(patternOfFolder(prefix), scope.prefix),
      options: { ...options },
    })),
  ];
}
