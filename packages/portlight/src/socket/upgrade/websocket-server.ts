import type { ServerOptions, WebSocket, WebSocketServer } from 'ws';
import type { WebSocketConfig } from '../../config/websocket-options.ts';
import { DEFAULTS } from '../../defaults.ts';
import { onDemand, require } from '../../on-demand.ts';

const library = onDemand(() => require('ws') as typeof import('ws'));

/** Pieces smaller than this cost more to keep than they bring. */
const PIECE_BYTES = 64;

/** A WebSocket of ws that tells when it closes or cuts the connection, be it of its own accord. */
export interface TellingWebSocket extends WebSocket {
  /**
   * It has sent a close frame: we asked for that, the client has closed, or what the client sent is none of the
   * protocol.
   */
  onClosing: (code: number | undefined) => void;
  /** The code with which ws has closed of its own accord: it then reads no answer. */
  failedWith: number | undefined;
  /** It has cut the connection: we asked for that, or the client takes no pongs. */
  onCut: () => void;
}

/** ws without a port: it answers handshakes that were looked at before, and reads frames. */
export function openWebSocketServer({ maxPayloadBytes, perMessageDeflate }: WebSocketConfig): WebSocketServer {
  const mostPieces = Math.ceil(maxPayloadBytes / PIECE_BYTES);
  // What the declarations of ws do not have yet stands apart.
  const more = { closeTimeout: DEFAULTS.closeTimeoutMs, maxPendingAutoPongs: DEFAULTS.maxPendingPongs };
  const options: ServerOptions = {
    noServer: true,
    clientTracking: false,
    WebSocket: tellingWebSocket(),
    maxPayload: maxPayloadBytes,
    perMessageDeflate,
    maxFragments: Math.max(DEFAULTS.minFragments, mostPieces),
    maxBufferedChunks: Math.max(DEFAULTS.minFramePieces, mostPieces),
    ...more,
    // A protocol is chosen by the app, with a header of its 101.
    handleProtocols: () => false,
  };
  return new (library().WebSocketServer)(options);
}

/** What a channel was closed with, as the event `close` of ws says it: 1006 is also where ws reads no answer. */
export function closeCodeOf({ failedWith }: TellingWebSocket, code: number): number {
  return code === 1006 ? (failedWith ?? code) : code;
}

/** ws calls its public methods for what it does of its own accord, and tells of it by no event. */
function tellingWebSocket(): typeof WebSocket {
  return class extends library().WebSocket implements TellingWebSocket {
    onClosing = (_code: number | undefined): void => {};
    failedWith: number | undefined = undefined;
    onCut = (): void => {};

    override close(code?: number, data?: string | Buffer): void {
      super.close(code, data);
      this.onClosing(code);
    }

    override terminate(): void {
      super.terminate();
      this.onCut();
    }
  };
}
