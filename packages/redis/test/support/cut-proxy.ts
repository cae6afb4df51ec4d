import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of the bytes between a machine and its Redis. */
type Fate = 'pass' | 'refuse' | 'swallow';

/** What is swallowed. */
export interface Swallowing {
  /** @default both ways */
  readonly way?: 'to Redis' | 'from Redis';
  /** @default both connections of a machine */
  readonly connection?: 'commands' | 'listener';
}

/** A way to a Redis that can be cut, or lose what it is given. */
export class CutProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  #port: number;
  #fate: Fate = 'pass';
  #swallowing: Swallowing = {};

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  static async open(port: number): Promise<CutProxy> {
    const server = createServer();
    const proxy = new CutProxy(server, port);
    server.on('connection', (socket) => proxy.#connect(socket));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections are closed, and others refused. */
  cut(): void {
    this.#fate = 'refuse';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Connections stay, and nothing passes of what is named. */
  swallow(swallowing: Swallowing = {}): void {
    this.#fate = 'swallow';
    this.#swallowing = swallowing;
  }

  /** @param port of another Redis, which connections lead to from here on */
  mend(port: number = this.#port): void {
    if (port !== this.#port || this.#fate === 'swallow') for (const socket of this.#sockets) socket.destroy();
    this.#port = port;
    this.#fate = 'pass';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(socket: Socket): void {
    if (this.#fate === 'refuse') {
      socket.resetAndDestroy();
      return;
    }
    const target = connect(this.#port, '127.0.0.1');
    let isListener = false;
    socket.on('data', (chunk) => (isListener ||= chunk.includes('SUBSCRIBE')));
    for (const [from, to, way] of [
      [socket, target, 'to Redis'],
      [target, socket, 'from Redis'],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk) => void (this.#isSwallowed(way, isListener) || to.write(chunk)));
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('error', () => {});
    }
  }

  #isSwallowed(way: Swallowing['way'], isListener: boolean): boolean {
    if (this.#fate !== 'swallow') return false;
    const { way: swallowed = way, connection } = this.#swallowing;
    return swallowed === way && (connection === undefined || (connection === 'listener') === isListener);
  }
}
