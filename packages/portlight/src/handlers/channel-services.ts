import type { ChannelRegistry } from '../channels/channel-registry.ts';
import type { WebSocketConfig } from '../config/websocket-options.ts';
import type { Hub } from '../hub/hub.ts';
import type { LogHolder } from '../log.ts';
import type { Turns } from '../turns/turns.ts';

/** What channels and event streams of a server work with. */
export interface ChannelServices {
  readonly hub: Hub;
  readonly registry: ChannelRegistry;
  readonly config: WebSocketConfig;
  /** When the handlers of an open channel may run. */
  readonly turns: Turns;
  readonly log: LogHolder;
}
