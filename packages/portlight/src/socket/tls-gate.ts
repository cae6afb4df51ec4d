import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import type { TlsOptions } from '../config/tls-options.ts';

/**
 * Makes accepted sockets into TLS ones: a stock `tls.Server` that never listens and is fed the sockets of our listener.
 */
export class TlsGate {
  readonly #server: Server;
  /** Sockets whose client has not yet shown that it speaks TLS, by its address and port. */
  readonly #handshaking: Map<string, Socket> = new Map();

  /** @param handshakeTimeoutMs how long a client may take for the handshake */
  constructor(options: TlsOptions, handshakeTimeoutMs: number, onSecure: (socket: TLSSocket) => void) {
    this.#server = process
      .getBuiltinModule('node:tls')
      .createServer(
        { minVersion: 'TLSv1.2', ...options, ALPNProtocols: ['http/1.1'], handshakeTimeout: handshakeTimeoutMs },
        (socket) => {
          this.#handshaking.delete(peerOf(socket));
          // From here on a client that closes its side is still answered.
          socket.allowHalfOpen = true;
          onSecure(socket);
        },
      );
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  accept(socket: Socket): void {
    const peer = peerOf(socket);
    this.#handshaking.set(peer, socket);
    socket.once('close', () => {
      if (this.#handshaking.get(peer) === socket) this.#handshaking.delete(peer);
    });
    // A client that goes away in the middle of the handshake has nothing to wait for.
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
  }

  /** Cuts the handshakes that are under way: nothing was asked yet. */
  abort(): void {
    for (const socket of this.#handshaking.values()) socket.destroy();
  }

  /** From now on handshakes use other certificates; connections that are open keep theirs. */
  renew(options: TlsOptions): void {
    this.#server.setSecureContext(options);
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
