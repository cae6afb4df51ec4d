import { HttpServer, type ServerOptions } from 'portlight';
import type { Server } from 'socket.io';
import { connect as connectSocket, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { RecordingLogger } from '../../../portlight/test/support/recording-logger.ts';
import { type SocketIoOptions, socketIo } from '../../src/index.ts';

/** A server with Socket.IO on it, that listens until its block is left; and its clients. */
export class OpenIo implements AsyncDisposable {
  readonly server: HttpServer;
  readonly io: Server;
  readonly log: RecordingLogger;
  readonly #clients: Socket[] = [];

  constructor(server: HttpServer, io: Server, log: RecordingLogger) {
    this.server = server;
    this.io = io;
    this.log = log;
  }

  get port(): number {
    return this.server.getAddress().port;
  }

  get url(): string {
    return `${this.server.getAddress().address.includes(':') ? 'http://[::1]' : 'http://127.0.0.1'}:${this.port}`;
  }

  /** A client that is about to connect. */
  client(options: Partial<ManagerOptions & SocketOptions> = {}, namespace = '/', url = this.url): Socket {
    const socket = connectSocket(`${url}${namespace}`, { forceNew: true, reconnectionDelay: 10, ...options });
    this.#clients.push(socket);
    return socket;
  }

  /** A client that is connected. */
  async connect(options: Partial<ManagerOptions & SocketOptions> = {}, namespace = '/', url?: string): Promise<Socket> {
    const socket = this.client(options, namespace, url);
    await connected(socket);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#clients) each.disconnect();
    await this.server.shutdown({ timeoutMs: 0 });
  }
}

/** By which a handler acknowledges. */
export type Answer = (value: unknown) => void;

/** Starts one for a test. */
export async function openIo(
  register: (io: Server, server: HttpServer) => unknown = () => {},
  { io: own, ...options }: ServerOptions & { readonly io?: SocketIoOptions } = {},
): Promise<OpenIo> {
  const log = new RecordingLogger();
  const server = new HttpServer('127.0.0.1', 0, options).debug(log);
  const io = socketIo(server, own);
  register(io, server);
  await server.start();
  return new OpenIo(server, io, log);
}

/** Resolves when the socket is connected. @throws why it could not be */
export function connected(socket: Socket): Promise<void> {
  if (socket.connected) return Promise.resolve();
  return new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
}

/** Resolves with the arguments of the next event of a name. */
export function next(socket: Socket, event: string): Promise<unknown[]> {
  return new Promise((resolve) => socket.once(event, (...args: unknown[]) => resolve(args)));
}

/** By what a client speaks at the moment. */
export function transportOf(socket: Socket): string {
  return socket.io.engine.transport.name;
}
