import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsOptions } from '../config/tls-options.ts';

/** Makes accepted sockets into TLS ones: a stock `tls.Server` that never listens and is fed the sockets of our listener. */
export class TlsGate {
  readonly #server: Server;

  /** @param handshakeTimeoutMs how long a client may take for the handshake */
  constructor(options: TlsOptions, handshakeTimeoutMs: number, onSecure: (socket: TLSSocket) => void) {
    this.#server = createServer({ minVersion: 'TLSv1.2', ...options, ALPNProtocols: ['http/1.1'], handshakeTimeout: handshakeTimeoutMs, allowHalfOpen: true }, onSecure);
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** From now on handshakes use other certificates; connections that are open keep theirs. */
  renew(options: TlsOptions): void {
    this.#server.setSecureContext(options);
  }
}
