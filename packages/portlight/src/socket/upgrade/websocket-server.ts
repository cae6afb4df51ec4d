import type { ServerOptions, WebSocketServer } from 'ws';
import type { WebSocketConfig } from '../../config/websocket-options.ts';
import { DEFAULTS } from '../../defaults.ts';
import { onDemand, require } from '../../on-demand.ts';

const library = onDemand(() => require('ws') as typeof import('ws'));

/** ws without a port: it answers handshakes that were looked at before, and reads frames. */
export function openWebSocketServer({ maxPayloadBytes, perMessageDeflate }: WebSocketConfig): WebSocketServer {
  // What the declarations of ws do not have yet stands apart.
  const more = { closeTimeout: DEFAULTS.closeTimeoutMs };
  const options: ServerOptions = {
    noServer: true,
    clientTracking: false,
    maxPayload: maxPayloadBytes,
    perMessageDeflate,
    maxFragments: DEFAULTS.maxFragments,
    ...more,
    // A protocol is chosen by the app, with a header of its 101.
    handleProtocols: () => false,
  };
  return new (library().WebSocketServer)(options);
}
