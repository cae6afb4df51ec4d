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
import { answerCalls } from './answer-calls.ts';
import { type MessageHead, readUnread, writeReplay } from './bus-wire.ts';
import type { EncodedMessage, Line } from './line.ts';

/** The end of a bus that one child has, where the primary answers for it. */
export class ServedBus implements TopicsEnd {
  readonly interests: Map<string, number> = new Map();
  readonly receiver: BusReceiver;
  readonly #line: Line;
  readonly #topics: MemoryTopics;
  #isConnected = false;

  /** @param encode makes the same of a message for all children, once */
  constructor(line: Line, topics: MemoryTopics, encode: (message: PassedMessage) => EncodedMessage) {
    this.#line = line;
    this.#topics = topics;
    this.receiver = {
      receive: (message) => line.send(encode(message)),
      memberChanged: (change) => this.#tell(change),
      interrupted() {},
    };
    this.#serve();
  }

  /** The child is there again, after a `close`. */
  open(): void {
    if (this.#isConnected) this.#topics.add(this);
  }

  /** The child is gone, or listens no more: what it had is taken away, and told to another. */
  close(): void {
    this.#topics.delete(this);
  }

  async #tell(change: MemberChange): Promise<void> {
    await this.#line.call('bus.change', change);
  }

  #serve(): void {
    const [line, topics] = [this.#line, this.#topics];
    line.on('bus.connect', () => {
      this.#isConnected = true;
      topics.add(this);
    });
    answerCalls(line, 'bus.interest', (names: [string, number]) => topics.setInterest(this, ...names));
    answerCalls(line, 'bus.enter', (presence: ChannelPresence) => topics.enter(this, presence));
    answerCalls(line, 'bus.exit', (names: [string, string, string]) => topics.exit(this, ...names));
    answerCalls(line, 'bus.presence', (topic: string) => topics.presence(topic));
    answerCalls(line, 'bus.restate', (state: ProcessState) => [...topics.restate(this, state)]);
    line.answer('bus.read', (question) => writeReplay(topics.read(...(question as [string, Since]))));
    line.answer('bus.publish', (question, body) => {
      const [head, terms] = question as [MessageHead, PublishTerms];
      const published = topics.publish(readUnread(head, body), terms);
      return published instanceof Promise ? published.then((data) => ({ data })) : { data: published };
    });
  }
}
