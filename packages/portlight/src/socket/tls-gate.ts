import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import type { TlsOptions } from '../config/tls-options.ts';

/** What Node takes for the time of a handshake that it shall not limit, in ms. */
const UNLIMITED_MS = 2_147_483_647;

/** A timer that is later than this was kept waiting. */
const LATE_MS = 20;

/**
 * Makes accepted sockets into TLS ones: a stock `tls.Server` that never listens and is fed the sockets of our listener.
 */
export class TlsGate {
  readonly #server: Server;
  readonly #ticketKeys: { readonly ticketKeys?: Buffer };
  readonly #handshakeTimeoutMs: number;
  /** Sockets whose client has not yet shown that it speaks TLS, each with what ends it in time. */
  readonly #handshaking: Map<Socket, NodeJS.Timeout> = new Map();

  /**
   * @param ticketKeys of sessions that others may resume; without them, this gate alone can
   * @param handshakeTimeoutMs how long a client may take for the handshake
   */
  constructor(
    options: TlsOptions,
    ticketKeys: Buffer | undefined,
    handshakeTimeoutMs: number,
    onSecure: (socket: TLSSocket) => void,
  ) {
    this.#ticketKeys = ticketKeys === undefined ? {} : { ticketKeys };
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
    this.#server = process.getBuiltinModule('node:tls').createServer(
      {
        minVersion: 'TLSv1.2',
        ...options,
        ...this.#ticketKeys,
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: UNLIMITED_MS,
      },
      (socket) => {
        this.#forget(this.#carrierOf(socket));
        // From here on a client that closes its side is still answered.
        socket.allowHalfOpen = true;
        onSecure(socket);
      },
    );
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  accept(socket: Socket): void {
    this.#limit(socket, this.#handshakeTimeoutMs);
    socket.once('close', () => this.#forget(socket));
    // A client that goes away in the middle of the handshake has nothing to wait for.
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
  }

  /** Cuts the handshakes that are under way: nothing was asked yet. */
  abort(): void {
    for (const socket of this.#handshaking.keys()) socket.destroy();
  }

  /** From now on handshakes use other certificates; connections that are open keep theirs. */
  renew(options: TlsOptions): void {
    this.#server.setSecureContext({ ...options, ...this.#ticketKeys });
  }

  /**
   * A process that was busy finds its timers late. What has come by then is read first, and the client, which could get
   * no answer meanwhile, has that time once more.
   */
  #limit(socket: Socket, ms: number): void {
    const dueAt = performance.now() + ms;
    const judge = (): void => {
      const lateMs = performance.now() - dueAt;
      if (!this.#handshaking.has(socket)) return;
      if (lateMs < LATE_MS) socket.destroy();
      else this.#limit(socket, Math.min(lateMs, this.#handshakeTimeoutMs));
    };
    this.#handshaking.set(socket, setTimeout(() => setImmediate(judge), ms).unref());
  }

  #forget(socket: Socket | undefined): void {
    if (socket === undefined) return;
    clearTimeout(this.#handshaking.get(socket));
    this.#handshaking.delete(socket);
  }

  /** The socket under a TLS one; Node has no public name for it, and clients of a unix socket have no address. */
  #carrierOf(socket: TLSSocket): Socket | undefined {
    const { _parent: carrier } = socket as { _parent?: Socket };
    if (carrier !== undefined && this.#handshaking.has(carrier)) return carrier;
    return [...this.#handshaking.keys()].find((each) => peerOf(each) === peerOf(socket));
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
