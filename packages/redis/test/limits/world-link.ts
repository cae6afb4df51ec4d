import type { PartLink } from '../../src/link/redis-link.ts';
import type { Script } from '../../src/link/script.ts';

type Args = readonly (string | number | Uint8Array)[];

/** A run that waits: for Redis, or for its reply to arrive. */
export interface Run {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: Args;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The way of one machine to Redis, on which nothing moves by itself. */
export class WorldLink implements PartLink {
  readonly machine: string;
  isCut = false;
  /** What waits for Redis. */
  readonly runs: Run[] = [];
  /** Replies that wait to be read. */
  readonly replies: (() => void)[] = [];
  readonly published: string[] = [];
  readonly #prefix: string;
  readonly #handlers: Map<string, (data: Buffer) => void> = new Map();

  constructor(machine: string, prefix: string) {
    this.machine = machine;
    this.#prefix = prefix;
  }

  key(...parts: string[]): string {
    return [`{${this.#prefix}}`, ...parts].join(':');
  }

  async run(script: Script, keys: readonly string[], args: Args): Promise<unknown> {
    if (this.isCut) throw new Error('Redis cannot be reached.');
    return new Promise((resolve, reject) => this.runs.push({ script, keys, args, resolve, reject }));
  }

  async send(): Promise<unknown> {
    throw new Error('Nobody sends plain commands.');
  }

  on(name: string, handler: (data: Buffer) => void): void {
    this.#handlers.set(name, handler);
  }

  onInterrupted(): void {}

  /** What was published arrives. */
  hear(text: string): void {
    const end = text.indexOf('\n');
    this.#handlers.get(text.slice(0, end))?.(Buffer.from(text.slice(end + 1)));
  }

  /** The connections break: what is under way is lost. */
  cut(): void {
    this.isCut = true;
    this.replies.length = 0;
    this.published.length = 0;
    for (const { reject } of this.runs.splice(0)) reject(new Error('The connection was lost.'));
  }
}
