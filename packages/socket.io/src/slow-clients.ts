import type { Server as EngineServer } from 'engine.io';

/** A session of engine.io. Over a WebSocket its transport has one, over polls none. */
interface Session {
  readonly transport: { readonly socket?: { readonly bufferedAmount: number; terminate(): void } };
  on(event: 'packetCreate', listener: (packet: { readonly data?: unknown }) => void): unknown;
  on(event: 'flush', listener: () => void): unknown;
  close(discard: boolean): void;
}

export interface SlowClientTerms {
  /** With more than that waiting, nothing more is sent: the session ends. */
  readonly maxBackpressureBytes: number;
  /** Whether each packet is a message. With socket.io's own parser, bytes belong to the text in front of them. */
  readonly areAllMessages: boolean;
}

/** What a packet that waits takes besides its data, about. */
const PACKET_BYTES = 100;

/** Ends sessions whose clients do not take what is sent to them: it would fill the memory of the process. */
export function endSlowClients(engine: EngineServer, terms: SlowClientTerms): void {
  engine.on('connection', (session: Session) => {
    /** What no transport has yet. */
    let waiting = 0;
    let isEnded = false;
    session.on('packetCreate', ({ data }) => {
      const before = waiting + (session.transport.socket?.bufferedAmount ?? 0);
      const bytes = sizeOf(data) + PACKET_BYTES;
      waiting += bytes;
      // One message may be as large as it likes.
      const isPart = !terms.areAllMessages && data !== undefined && typeof data !== 'string';
      if (isEnded || isPart || before === 0 || before + bytes <= terms.maxBackpressureBytes) return;
      isEnded = true;
      // Whoever sends this may have more to do with the session.
      setImmediate(() => end(session));
    });
    session.on('flush', () => (waiting = 0));
  });
}

function end(session: Session): void {
  const { socket } = session.transport;
  if (socket === undefined) session.close(true);
  else socket.terminate();
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data);
  return data instanceof Uint8Array || data instanceof ArrayBuffer ? data.byteLength : 0;
}
