import type { ChannelRegistry } from '../channels/channel-registry.ts';
import type { Edge } from '../socket/edge.ts';
import type { Turns } from '../turns/turns.ts';

/** What answers requests in a process: the edge, with the pipeline behind it, and what is open on it. */
export interface Serving {
  readonly edge: Edge;
  readonly channels: ChannelRegistry;
  readonly turns: Turns;
}
