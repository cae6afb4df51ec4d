import type { Bus, BusMessage, BusReceiver, PresentMember, Published, Replay, Retention, Since } from './bus.ts';
import { MemoryHistory } from './memory-history.ts';
import { MemoryPresence } from './memory-presence.ts';

const NOTHING_MISSED: Replay = { gap: undefined, messages: [] };

/**
 * The bus of a process that is alone: every answer is there at once.
 *
 * Only a message that is published while another is being passed on waits for that one, so that all channels see both
 * in one order.
 */
export class MemoryBus implements Bus {
  readonly #history: MemoryHistory;
  readonly #presence: MemoryPresence = new MemoryPresence();
  readonly #topics: Set<string> = new Set();
  /** What was published meanwhile; `undefined` while nothing is being passed on. */
  #waiting: (() => void)[] | undefined;
  #receiver: BusReceiver = { receive: () => 0, memberChanged() {} };

  constructor(history: MemoryHistory = new MemoryHistory()) {
    this.#history = history;
  }

  /** Of how many topics something is held, and about how many bytes of history. */
  get sizes(): {
    readonly topics: number;
    readonly presence: number;
    readonly histories: number;
    readonly historyBytes: number;
  } {
    return {
      topics: this.#topics.size,
      presence: this.#presence.size,
      histories: this.#history.topics,
      historyBytes: this.#history.bytes,
    };
  }

  connect(receiver: BusReceiver): void {
    this.#receiver = receiver;
  }

  subscribe(topic: string): void {
    this.#topics.add(topic);
  }

  unsubscribe(topic: string): void {
    this.#topics.delete(topic);
  }

  publish(message: BusMessage, keep: Retention | undefined): Published | Promise<Published> {
    const waiting = this.#waiting;
    if (waiting !== undefined) return new Promise((resolve) => waiting.push(() => resolve(this.#pass(message, keep))));
    const following: (() => void)[] = (this.#waiting = []);
    try {
      const published = this.#pass(message, keep);
      // Grows while it is walked through.
      for (const pass of following) pass();
      return published;
    } finally {
      this.#waiting = undefined;
    }
  }

  read(topic: string, since: Since): Replay {
    const isThere = typeof since === 'object' && 'left' in since && this.#presence.has(topic, since.left);
    return isThere ? NOTHING_MISSED : this.#history.read(topic, since);
  }

  enter(topic: string, member: string, channel: string, info: string | undefined): void {
    if (this.#presence.enter(topic, member, channel, info))
      this.#receiver.memberChanged({ topic, kind: 'joined', member, info });
  }

  exit(topic: string, member: string, channel: string, remember: boolean): void {
    const left = this.#presence.exit(topic, member, channel);
    if (left === undefined) return;
    if (remember) this.#history.depart(topic, member);
    this.#receiver.memberChanged({ topic, kind: 'left', member, info: left.info });
  }

  presence(topic: string): readonly PresentMember[] {
    return this.#presence.list(topic);
  }

  #pass(message: BusMessage, keep: Retention | undefined): Published {
    const passed = keep === undefined ? message : this.#history.append(message, keep);
    const subscribers = this.#topics.has(message.topic) ? this.#receiver.receive(passed) : 0;
    return { position: passed.position, subscribers };
  }
}
