import type { ChannelRegistry } from '../channels/channel-registry.ts';
import type { Edge } from '../socket/edge.ts';

/** What answers requests in a process: the edge, with the pipeline behind it, and what is open on it. */
export interface Serving {
  readonly edge: Edge;
  readonly channels: ChannelRegistry;
}
