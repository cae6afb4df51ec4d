import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LentExchange, LentUpgrade, Taker } from '../../src/handlers/taker.ts';
import type { HttpRequest } from '../../src/index.ts';

/** A framework of its own, as a guest on the port: it knows node:http, and nothing of us. */
export class StandInGuest implements Taker {
  readonly protocols: readonly string[] = ['echo', 'websocket'];
  /** What it was asked, in order. */
  readonly asked: string[] = [];
  /** Responses that it has not ended. */
  readonly held: Set<ServerResponse> = new Set();
  readonly sockets: Set<Duplex> = new Set();
  /** The signal of the request that came last. */
  signal: AbortSignal | undefined;
  isStubborn = false;

  request(request: HttpRequest, lent: LentExchange): unknown {
    const message = lent.message as IncomingMessage;
    const response = lent.response as ServerResponse;
    this.asked.push(`${message.method} ${message.url}`);
    this.signal = request.signal;
    switch (request.path) {
      case '/guest/echo':
        message.pipe(response);
        return undefined;
      case '/guest/hold':
        this.held.add(response);
        response.on('close', () => this.held.delete(response));
        return undefined;
      case '/guest/drops':
        message.destroy();
        return undefined;
      case '/guest/throws':
        response.setHeader('x-guest', 'yes');
        throw new Error('The guest is broken.');
      case '/guest/rejects':
        return Promise.resolve().then(() => Promise.reject(new Error('The guest is broken.')));
      case '/guest/cut':
        response.write('half');
        throw new Error('The guest is broken.');
      default:
        response.writeHead(201, { 'x-guest': 'yes' });
        response.end(`guest ${message.method} ${request.path} ${request.ip}`);
        return undefined;
    }
  }

  upgrade(request: HttpRequest, { socket, head, fields }: LentUpgrade): unknown {
    this.asked.push(`upgrade ${request.path}`);
    if (request.path === '/guest/throws') throw new Error('The guest is broken.');
    if (request.path === '/guest/rejects') return Promise.reject(new Error('The guest is broken.'));
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: echo'];
    for (const [name, value] of fields) lines.push(`${name}: ${value}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (request.path === '/guest/cut') throw new Error('The guest is broken.');
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    if (head.byteLength > 0) socket.write(head);
    socket.on('data', (bytes: Buffer) => socket.write(bytes));
    socket.on('end', () => socket.end());
    return undefined;
  }

  stop(): void {
    if (this.isStubborn) return;
    for (const response of this.held) response.end('the guest stops');
    for (const socket of this.sockets) socket.end('bye');
  }
}
