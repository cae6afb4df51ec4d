import type { Worker } from '@portlight/prefork';
import type { ParsedAddress, ServerAddress } from '../config/address.ts';
import { DEFAULTS } from '../defaults.ts';
import { SharedPort } from '../ports/shared-port.ts';
import { MESSAGES } from './child-protocol.ts';
import type { PortDesk } from './port-desk.ts';
import { PortSharing } from './port-sharing.ts';

/** The children accept. This process is bound to the port, and says who does. */
export class SharedPortDesk implements PortDesk {
  readonly accepts = 'child';
  readonly admits = false;
  readonly server = undefined;
  readonly #at: ParsedAddress;
  readonly #workers: Map<string, Worker> = new Map();
  readonly #sharing: PortSharing;
  /** Reports that were seen, so that each counts once. */
  readonly #reports: WeakSet<object> = new WeakSet();
  #port: SharedPort | undefined;
  #toldMean = 0;
  #telling: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(at: ParsedAddress) {
    this.#at = at;
    this.#sharing = new PortSharing({
      give: (key, until) => this.#give(key, until),
      take: (key) => this.#workers.get(key)?.link.tell(MESSAGES.leavePort),
    });
  }

  get address(): ServerAddress | undefined {
    return this.#port?.address;
  }

  async open(): Promise<void> {
    this.#port = await SharedPort.bind(this.#at);
    this.#looking = setInterval(() => this.#look(), DEFAULTS.lagLookMs).unref();
  }

  serve(worker: Worker): void {
    const { key, link } = worker;
    this.#workers.set(key, worker);
    link.on(MESSAGES.askForPort, (connections) => {
      if (this.#port === undefined) link.tell(MESSAGES.portClosed);
      else if (this.#workers.has(key)) this.#sharing.ask(key, connections as number);
    });
    link.on(MESSAGES.load, (connections) => {
      this.#sharing.load(key, connections as number);
      this.#tellSoon();
    });
  }

  ready(): void {}

  leave({ key }: Worker): void {
    this.#workers.delete(key);
    this.#sharing.delete(key);
    this.#tellSoon();
  }

  close(): number {
    clearInterval(this.#looking);
    clearTimeout(this.#telling);
    this.#port?.close();
    this.#port = undefined;
    // Those that are about to start wait for it no longer.
    for (const { link } of this.#workers.values()) link.tell(MESSAGES.portClosed);
    return 0;
  }

  #give(key: string, until: number): void {
    const worker = this.#workers.get(key);
    if (worker === undefined || this.#port === undefined) return;
    worker.link.tell(MESSAGES.mean, this.#sharing.mean);
    void worker.send(MESSAGES.port, { until }, this.#port.handle);
  }

  #look(): void {
    for (const { key, lastReport } of this.#workers.values()) {
      if (lastReport === undefined || this.#reports.has(lastReport)) continue;
      this.#reports.add(lastReport);
      this.#sharing.lag(key, lastReport.lagMs);
    }
  }

  #tellSoon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const { mean } = this.#sharing;
      if (mean === this.#toldMean) return;
      this.#toldMean = mean;
      for (const [key, { link }] of this.#workers) if (this.#sharing.has(key)) link.tell(MESSAGES.mean, mean);
    }, DEFAULTS.loadTellMs).unref();
  }
}
