import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import type { WebSocketOptions } from '../../packages/portlight/src/config/websocket-options.ts';
import type { Lane } from './lanes.ts';

/** Every message comes back as it was, with limits that no test means to reach. */
export function openEcho(lane: Lane, options: WebSocketOptions = {}): Promise<OpenServer> {
  const wide = { maxPayloadBytes: 16_777_216, maxBackpressureBytes: 67_108_864, messagesPerSecond: 1_000_000 };
  return openServer(
    (server) => server.websocket({ ...wide, ...options }).accept('/', (message) => message),
    lane.options,
  );
}
