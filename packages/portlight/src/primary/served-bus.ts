import type {
  BusReceiver,
  ChannelPresence,
  MemberChange,
  PassedMessage,
  ProcessState,
  PublishTerms,
  Since,
} from '../backplane/bus.ts';
import type { MemoryTopics, TopicsEnd } from '../backplane/memory-topics.ts';
import { DEFAULTS } from '../defaults.ts';
import { answerCalls } from './answer-calls.ts';
import { type MessageHead, readUnread, writeReplay } from './bus-wire.ts';
import type { EncodedMessage, Line } from './line.ts';
import { ownBytes } from './own-bytes.ts';

/**
 * The end of a bus that one child has, where the primary answers for it.
 *
 * Messages to a child that does not take them are dropped beyond a bound. Once it has taken what waits, it is told so,
 * behind all that is older, and asks for what it has missed.
 */
export class ServedBus implements TopicsEnd {
  readonly interests: Map<string, number> = new Map();
  readonly receiver: BusReceiver;
  readonly #line: Line;
  readonly #topics: MemoryTopics;
  readonly #maxWaitingBytes: number;
  #isOpen = true;
  /** What it was told and has not acknowledged. */
  readonly #telling: Set<Promise<unknown>> = new Set();
  #isConnected = false;
  /** Whether it has missed something that it does not know of. */
  #isBehind = false;

  /**
   * @param encode makes the same of a message for all children, once
   * @param maxWaitingBytes beyond which messages to the child are dropped
   */
  constructor(
    line: Line,
    topics: MemoryTopics,
    encode: (message: PassedMessage) => EncodedMessage,
    maxWaitingBytes: number = DEFAULTS.maxWaitingBytes,
  ) {
    this.#line = line;
    this.#topics = topics;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.receiver = {
      receive: (message) => {
        if (this.#hasRoom) line.send(encode(message));
      },
      memberChanged: (change) => this.#tell(change),
      interrupted() {},
    };
    line.onDrained(() => this.#catchUp());
    this.#serve();
  }

  /** The child is there again, after a `close`. */
  open(): void {
    this.#isOpen = true;
    if (this.#isConnected) this.#topics.add(this);
  }

  /** The child is gone, or listens no more: what it had is taken away, and told to another. */
  close(): void {
    this.#isOpen = false;
    this.#topics.delete(this);
  }

  /** Once there was none, there is none until the child knows. */
  get #hasRoom(): boolean {
    this.#isBehind ||= this.#line.pendingBytes > this.#maxWaitingBytes;
    return !this.#isBehind;
  }

  #catchUp(): void {
    if (!this.#isBehind || this.#line.pendingBytes > this.#maxWaitingBytes / 2) return;
    this.#isBehind = false;
    this.#line.tell('bus.interrupted');
  }

  /** Resolves when the child has acknowledged, or can no more, what it was told. */
  async settled(): Promise<void> {
    while (this.#telling.size > 0) await Promise.allSettled(this.#telling);
  }

  async #tell(change: MemberChange): Promise<void> {
    const told = this.#line.call('bus.change', change);
    this.#telling.add(told);
    try {
      await told;
    } finally {
      this.#telling.delete(told);
    }
  }

  #serve(): void {
    const [line, topics] = [this.#line, this.#topics];
    line.on('bus.connect', () => {
      this.#isConnected = true;
      if (this.#isOpen) topics.add(this);
    });
    this.#answer('bus.interest', (names: [string, number]) => topics.setInterest(this, ...names));
    this.#answer('bus.enter', (presence: ChannelPresence) => topics.enter(this, presence));
    this.#answer('bus.exit', (names: [string, string, string]) => topics.exit(this, ...names));
    this.#answer('bus.presence', (topic: string) => topics.presence(topic));
    this.#answer('bus.restate', (state: ProcessState) => [...topics.restate(this, state)]);
    line.answer('bus.read', (question) => writeReplay(topics.read(...(question as [string, Since]))));
    line.answer('bus.publish', (question, body) => {
      const [head, terms] = question as [MessageHead, PublishTerms];
      const message = readUnread(head, body && terms.keep !== undefined ? ownBytes(body) : body);
      const published = topics.publish(message, terms);
      return published instanceof Promise ? published.then((data) => ({ data })) : { data: published };
    });
  }

  /** Nobody would take away what is said after a `close`. */
  #answer(name: string, answer: (question: never) => unknown): void {
    answerCalls(this.#line, name, (question: never) => {
      if (!this.#isOpen) throw new Error('The primary takes this process for gone.');
      return answer(question);
    });
  }
}
