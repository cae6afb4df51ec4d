import { LeaseCounter } from '@portlight/rate-limit';
import type { PassedMessage } from '../backplane/bus.ts';
import type { MemoryStores } from '../backplane/memory-stores.ts';
import { DEFAULTS } from '../defaults.ts';
import { bytesOf, passedHeadOf } from './bus-wire.ts';
import type { Encode, EncodedMessage, Line } from './line.ts';
import { serveValues } from './serve-values.ts';
import { ServedBus } from './served-bus.ts';
import { ServedClients } from './served-clients.ts';

/** What one child has that others hear of. */
interface Served {
  readonly bus: ServedBus;
  readonly clients: ServedClients;
}

/** Answers the backplanes of all children, from the stores in the memory of the primary. */
export class PrimaryDesk {
  readonly #stores: MemoryStores;
  /** Of the children alone: the primary answers no requests. */
  readonly #limits: LeaseCounter = new LeaseCounter();
  readonly #encode: Encode;
  readonly #maxWaitingBytes: number;
  readonly #served: Map<string, Served> = new Map();
  #last: { readonly message: PassedMessage; readonly encoded: EncodedMessage } | undefined;

  /**
   * @param stores those of which the primary has an end itself
   * @param encode makes a message for all lines at once
   * @param maxWaitingBytes of what one child does not take; beyond it messages to that child are dropped, and it mends
   */
  constructor(stores: MemoryStores, encode: Encode, maxWaitingBytes: number = DEFAULTS.maxWaitingBytes) {
    this.#stores = stores;
    this.#encode = encode;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /**
   * Answers one child until its line closes. To be called before the child can have said anything.
   *
   * @param owner a name that no other process has, nor had
   */
  serve(line: Line, owner: string): void {
    const { topics, clients, values } = this.#stores;
    const bus = new ServedBus(line, topics, (message) => this.#encodeOnce(message), this.#maxWaitingBytes);
    const served = { bus, clients: new ServedClients(line, clients, owner) };
    this.#served.set(owner, served);
    serveValues(line, values);
    this.#limits.attach(line);
    line.answer('backplane.open', () => {
      if (this.#served.get(owner) !== served) throw new Error('The primary takes this process for gone.');
      served.bus.open();
      served.clients.open();
    });
    line.answer('backplane.close', async () => {
      // What it has been told it tells its app, and nobody else does.
      await served.bus.settled();
      await this.#close(served);
    });
    line.onClosed(() => void this.lose(owner));
  }

  /** The clients of one child are those of another when it is gone: nobody has lost them. */
  bequeath(owner: string, heir: string): void {
    this.#stores.clients.bequeath(owner, heir);
  }

  /**
   * The child is gone, or is to be taken for gone: all it had is taken away, and told to another process. Resolves when
   * one that lives has heard of its clients. Never rejects; the second time it does nothing.
   */
  async lose(owner: string): Promise<void> {
    const served = this.#served.get(owner);
    this.#served.delete(owner);
    if (served !== undefined) await this.#close(served);
  }

  async #close({ bus, clients }: Served): Promise<void> {
    bus.close();
    await clients.close();
  }

  #encodeOnce(message: PassedMessage): EncodedMessage {
    if (this.#last?.message !== message)
      this.#last = { message, encoded: this.#encode('bus.message', passedHeadOf(message), bytesOf(message)) };
    return this.#last.encoded;
  }
}
