import type { PassedMessage } from '../backplane/bus.ts';
import type { SharedStores, StoresEnd } from '../backplane/shared-stores.ts';
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
  end: StoresEnd;
}

/** Answers the backplanes of all children, from what lies behind that of the primary. */
export class PrimaryDesk {
  readonly #stores: SharedStores;
  readonly #encode: Encode;
  readonly #maxWaitingBytes: number;
  readonly #served: Map<string, Served> = new Map();
  #last: { readonly message: PassedMessage; readonly encoded: EncodedMessage } | undefined;

  /**
   * @param stores those of which the primary has a part itself
   * @param encode makes a message for all lines at once
   * @param maxWaitingBytes of what one child does not take; beyond it messages to that child are dropped, and it mends
   */
  constructor(stores: SharedStores, encode: Encode, maxWaitingBytes: number = DEFAULTS.maxWaitingBytes) {
    this.#stores = stores;
    this.#encode = encode;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  /**
   * Answers one child until its line closes. To be called before the child can have said anything.
   *
   * @param owner a name that no other process has, nor had
   * @param onCaughtUp called when it has taken what waited for it, and was not given so many messages meanwhile
   */
  serve(line: Line, owner: string, onCaughtUp: (dropped: number) => void = () => {}): void {
    const slowness = { maxWaitingBytes: this.#maxWaitingBytes, onCaughtUp };
    const bus = new ServedBus(line, (message) => this.#encodeOnce(message), slowness);
    const served: Served = { bus, clients: new ServedClients(line), end: this.#stores.end(owner) };
    this.#served.set(owner, served);
    open(served);
    serveValues(line, served.end.values);
    this.#stores.attach(line, owner);
    line.answer('backplane.open', () => {
      if (this.#served.get(owner) !== served) throw new Error('The primary takes this process for gone.');
      if (served.bus.isOpen) return;
      served.end = this.#stores.end(owner);
      open(served);
    });
    line.answer('backplane.close', async () => {
      // What it has been told it tells its app, and nobody else does.
      await served.bus.settled();
      await close(served);
    });
    line.onClosed(() => void this.lose(owner));
  }

  /** The clients of one child are those of another when it is gone: nobody has lost them. */
  bequeath(owner: string, heir: string): void {
    this.#stores.bequeath(owner, heir);
  }

  /**
   * The child is gone, or is to be taken for gone: all it had is taken away, and told to another process. Resolves when
   * one that lives has heard of its clients. Never rejects; the second time it does nothing.
   */
  async lose(owner: string): Promise<void> {
    const served = this.#served.get(owner);
    this.#served.delete(owner);
    if (served !== undefined) await close(served);
  }

  #encodeOnce(message: PassedMessage): EncodedMessage {
    if (this.#last?.message !== message)
      this.#last = { message, encoded: this.#encode('bus.message', passedHeadOf(message), bytesOf(message)) };
    return this.#last.encoded;
  }
}

function open({ bus, clients, end }: Served): void {
  bus.open(end.bus);
  clients.open(end.clients);
}

async function close({ bus, clients, end }: Served): Promise<void> {
  bus.close();
  clients.close();
  await end.lose();
}
