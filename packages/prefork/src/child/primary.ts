import { ControlChannel, type MessageHandler } from '../control/control-channel.ts';
import type { ControlMessage, DrainReason } from '../control/control-message.ts';
import type { ControlPort } from '../control/control-port.ts';
import { formatRemoteError } from '../control/remote-error.ts';
import { Link } from '../link/link.ts';
import type { Port } from '../link/port.ts';
import type { Marker } from '../start/marker.ts';

export interface DrainOptions {
  /** After so many milliseconds this process is killed. */
  readonly timeoutMs: number;
  readonly reason: DrainReason;
}

/** Finishes what there is. What it resolves to is told to the primary; it has to have JSON. */
export type DrainHandler = (options: DrainOptions) => unknown;

export interface PrimaryOptions extends Pick<Marker, 'name' | 'id' | 'key'> {
  readonly control: ControlPort;
  readonly port: Port;
  readonly end: () => void;
}

/** The primary, as a child sees it. */
export class Primary {
  readonly name: string;
  readonly id: number;
  readonly key: string;
  readonly link: Link;
  readonly #control: ControlChannel;
  readonly #end: () => void;
  #drainHandler: DrainHandler = () => undefined;
  #isDraining = false;

  constructor({ name, id, key, control, port, end }: PrimaryOptions) {
    this.name = name;
    this.id = id;
    this.key = key;
    this.#end = end;
    this.link = new Link(port);
    this.#control = new ControlChannel(control, {
      onControl: (message) => this.#hear(message),
      onClosed: () => void this.#drain({ timeoutMs: 10_000, reason: 'primary-lost' }),
      onError: () => {},
    });
  }

  onMessage(type: string, handler: MessageHandler): this {
    this.#control.on(type, handler);
    return this;
  }

  send(type: string, data?: unknown, handle?: object): Promise<boolean> {
    return this.#control.send(type, data, handle);
  }

  ready(): void {
    void this.#control.control({ kind: 'ready' });
  }

  report(_give: () => Readonly<Record<string, unknown>>): void {}

  onDrain(handler: DrainHandler): void {
    this.#drainHandler = handler;
  }

  /** Tells what nothing caught; written before this returns, as the process may end right then. */
  fail(error: unknown): void {
    void this.#control.control({ kind: 'failed', error: formatRemoteError(error) });
  }

  #hear(message: ControlMessage): void {
    if (message.kind === 'drain') void this.#drain(message);
  }

  async #drain(options: DrainOptions): Promise<void> {
    if (this.#isDraining) return;
    this.#isDraining = true;
    const report = await this.#drainHandler(options);
    await this.#control.control({ kind: 'drained', report });
    this.link.close();
    this.#end();
  }
}
