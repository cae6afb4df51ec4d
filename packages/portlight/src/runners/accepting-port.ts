import type { Server, Socket } from 'node:net';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import type { LogHolder } from '../log.ts';
import { Listener } from '../ports/listener.ts';
import { AcceptErrors } from '../socket/accept-errors.ts';

/** A port on which the primary accepts what others are to serve: nothing of it is read. */
export class AcceptingPort {
  readonly #at: ParsedAddress;
  readonly #backlog: number;
  readonly #listener: Listener = new Listener({ pauseOnConnect: true });
  #address: ServerAddress | undefined;
  /** Sockets that this process has. */
  #open = 0;

  constructor(at: ParsedAddress, backlog: number, log: LogHolder, onSocket: (socket: Socket) => void) {
    this.#at = at;
    this.#backlog = backlog;
    const errors = new AcceptErrors(log, () => this.#open);
    this.#listener.feed(
      (socket) => {
        this.#open += 1;
        socket.once('close', () => (this.#open -= 1));
        // A client that resets the connection meanwhile must not end the process.
        socket.on('error', () => {});
        onSocket(socket);
      },
      (error) => errors.tell(error),
    );
  }

  /** From when it is open. */
  get address(): ServerAddress | undefined {
    return this.#address;
  }

  get server(): Server {
    return this.#listener.server;
  }

  /** @throws {ListenError} */
  async open(): Promise<void> {
    this.#address = await this.#listener.listen(this.#at, this.#backlog);
  }

  close(): void {
    this.#listener.stopAccepting();
  }
}
