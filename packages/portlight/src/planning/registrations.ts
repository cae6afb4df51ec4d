import type { ChannelRoute, EventsRoute } from '../handlers/channel-route.ts';
import type { FolderRoute } from '../handlers/folder-route.ts';
import type { HttpRoute } from '../handlers/http-route.ts';
import type { Scope } from '../handlers/scope.ts';

/** What an app has registered. */
export interface Registrations {
  readonly routes: readonly HttpRoute[];
  readonly channelRoutes: readonly ChannelRoute[];
  readonly eventsRoutes: readonly EventsRoute[];
  readonly folders: readonly FolderRoute[];
  /** The root first. */
  readonly scopes: readonly Scope[];
}
