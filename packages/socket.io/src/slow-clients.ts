import type { Server as EngineServer } from 'engine.io';

/** What engine.io has of a WebSocket; a poll has none. */
interface Wire {
  readonly bufferedAmount: number;
  terminate(): void;
}

/** A session of engine.io. */
interface Session {
  readonly transport: { readonly socket?: Wire };
  on(event: 'packetCreate', listener: (packet: { readonly data?: unknown }) => void): unknown;
  on(event: 'flush', listener: () => void): unknown;
  close(discard: boolean): void;
}

/** Ends sessions whose clients do not take what is sent to them: it would fill the memory of the process. */
export function endSlowClients(engine: EngineServer, maxBackpressureBytes: number): void {
  engine.on('connection', (session: Session) => {
    /** What no transport has yet. */
    let waiting = 0;
    let isEnded = false;
    session.on('packetCreate', ({ data }) => {
      const before = waiting + (session.transport.socket?.bufferedAmount ?? 0);
      waiting += sizeOf(data);
      // One message may be as large as it likes.
      if (isEnded || before === 0 || before + sizeOf(data) <= maxBackpressureBytes) return;
      isEnded = true;
      end(session);
    });
    session.on('flush', () => (waiting = 0));
  });
}

/** How the sessions that are open now are ended, without waiting for what their clients say to it. */
export function wiresOf(engine: EngineServer): readonly Wire[] {
  const sessions: readonly Session[] = Object.values((engine as unknown as { clients: object }).clients);
  return sessions.flatMap(({ transport: { socket } }) => socket ?? []);
}

function end(session: Session): void {
  const { socket } = session.transport;
  if (socket === undefined) session.close(true);
  else socket.terminate();
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length;
  return data instanceof Uint8Array || data instanceof ArrayBuffer ? data.byteLength : 0;
}
