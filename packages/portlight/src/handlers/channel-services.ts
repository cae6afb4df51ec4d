import type { ChannelRegistry } from '../channels/channel-registry.ts';
import type { WebSocketConfig } from '../config/websocket-options.ts';
import type { Hub } from '../hub/hub.ts';
import type { LogHolder } from '../log.ts';

/** What channels and event streams of a server work with. */
export interface ChannelServices {
  readonly hub: Hub;
  readonly registry: ChannelRegistry;
  readonly config: WebSocketConfig;
  readonly log: LogHolder;
}
