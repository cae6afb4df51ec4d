import { setTimeout as delay } from 'node:timers/promises';
import { EventClient, type ReceivedEvent } from '../../../packages/portlight/test/support/event-client.ts';
import { Socket } from '../promises/socket.ts';
import { GAP } from './account.ts';

/** A client of a topic, and what it has seen of it: messages and gaps, in order. */
export interface Reader extends AsyncDisposable {
  readonly name: string;
  readonly seen: readonly string[];
}

/** A WebSocket that stays. */
export async function openSocketReader(name: string, port: number, topic: string): Promise<Reader> {
  const socket = await Socket.open(port);
  await socket.order('join', topic);
  return {
    name,
    get seen() {
      return socket.received.map((text) => (text.startsWith('{"gap":') ? GAP : text));
    },
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  };
}

/** An event stream that stays. */
export async function openFeedReader(name: string, port: number, topic: string): Promise<Reader> {
  const feed = await EventClient.open(port, `/feed/${topic}`);
  return {
    name,
    get seen() {
      return feed.received.map(toSeen);
    },
    [Symbol.asyncDispose]: () => feed[Symbol.asyncDispose](),
  };
}

/** An event stream that goes from one server to another every now and then, and goes on where it was. */
export class RoamingReader implements Reader {
  readonly name: string;
  /** How often it went on at another server. */
  moves = 0;
  readonly #ports: readonly number[];
  readonly #path: string;
  readonly #stayMs: number;
  readonly #before: string[] = [];
  #feed: EventClient;
  #lastId: string | undefined;
  #isOver = false;
  readonly #roaming: Promise<void>;

  private constructor(name: string, ports: readonly number[], path: string, stayMs: number, feed: EventClient) {
    this.name = name;
    this.#ports = ports;
    this.#path = path;
    this.#stayMs = stayMs;
    this.#feed = feed;
    this.#roaming = this.#roam();
  }

  static async open(name: string, ports: readonly number[], topic: string, stayMs: number): Promise<RoamingReader> {
    const path = `/feed/${topic}`;
    return new RoamingReader(name, ports, path, stayMs, await EventClient.open(ports[0] as number, path));
  }

  get seen(): readonly string[] {
    return [...this.#before, ...this.#feed.received.map(toSeen)];
  }

  /** It stays where it is from here on. */
  async settle(): Promise<void> {
    this.#isOver = true;
    await this.#roaming;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settle();
    await this.#feed[Symbol.asyncDispose]();
  }

  async #roam(): Promise<void> {
    while (!this.#isOver) {
      await delay(this.#stayMs);
      this.#lastId = this.#feed.received.findLast(({ id }) => id !== undefined)?.id ?? this.#lastId;
      // Without a position there is nothing to go on from.
      if (this.#lastId === undefined) continue;
      await this.#feed[Symbol.asyncDispose]();
      this.#before.push(...this.#feed.received.map(toSeen));
      this.#feed = await this.#openNext(this.#lastId);
    }
  }

  /** Where a server cannot give what is asked for, as while Redis is away, it is asked again. */
  async #openNext(lastId: string): Promise<EventClient> {
    for (;;) {
      const port = this.#ports[++this.moves % this.#ports.length] as number;
      const feed = await EventClient.open(port, this.#path, { 'last-event-id': lastId });
      if (feed.status === 200) return feed;
      await feed[Symbol.asyncDispose]();
      await delay(50);
    }
  }
}

function toSeen({ event, data }: ReceivedEvent): string {
  return event === 'portlight.gap' ? GAP : data;
}
