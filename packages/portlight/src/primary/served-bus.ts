import type {
  Bus,
  BusReceiver,
  ChannelPresence,
  MemberChange,
  PassedMessage,
  ProcessState,
  PublishTerms,
  Since,
} from '../backplane/bus.ts';
import { answerCalls } from './answer-calls.ts';
import { type MessageHead, readUnread, writeReplay } from './bus-wire.ts';
import type { EncodedMessage, Line } from './line.ts';
import { ownBytes } from './own-bytes.ts';

/** What becomes of messages that a child does not take. */
export interface SlownessTerms {
  /** Beyond which messages to the child are dropped. */
  readonly maxWaitingBytes: number;
  /** Called when it has taken what waited. @param dropped how many messages it has not been given meanwhile */
  readonly onCaughtUp: (dropped: number) => void;
}

/**
 * The end of a bus that one child has, where the primary answers for it.
 *
 * Messages to a child that does not take them are dropped beyond a bound. Once it has taken what waits, it is told so,
 * behind all that is older, and asks for what it has missed.
 */
export class ServedBus {
  readonly #receiver: BusReceiver;
  readonly #line: Line;
  readonly #slowness: SlownessTerms;
  #bus: Bus | undefined;
  /** What it was told and has not acknowledged. */
  readonly #telling: Set<Promise<unknown>> = new Set();
  #isConnected = false;
  /** Whether it has missed something that it does not know of. */
  #isBehind = false;
  #dropped = 0;

  /** @param encode makes the same of a message for all children, once */
  constructor(line: Line, encode: (message: PassedMessage) => EncodedMessage, slowness: SlownessTerms) {
    this.#line = line;
    this.#slowness = slowness;
    this.#receiver = {
      receive: (message) => {
        if (this.#hasRoom) line.send(encode(message));
        else this.#dropped++;
      },
      memberChanged: (change) => this.#tell(change),
      interrupted: () => line.tell('bus.interrupted'),
    };
    line.onDrained(() => this.#catchUp());
    this.#serve();
  }

  /** The child is there, for the first time or again. @param bus what it has */
  open(bus: Bus): void {
    this.#bus = bus;
    if (this.#isConnected) bus.connect(this.#receiver);
  }

  get isOpen(): boolean {
    return this.#bus !== undefined;
  }

  /** The child is gone, or listens no more: nobody would take away what it says. */
  close(): void {
    this.#bus = undefined;
  }

  /** Once there was none, there is none until the child knows. */
  get #hasRoom(): boolean {
    this.#isBehind ||= this.#line.pendingBytes > this.#slowness.maxWaitingBytes;
    return !this.#isBehind;
  }

  #catchUp(): void {
    const { maxWaitingBytes, onCaughtUp } = this.#slowness;
    if (!this.#isBehind || this.#line.pendingBytes > maxWaitingBytes / 2) return;
    this.#isBehind = false;
    this.#line.tell('bus.interrupted');
    onCaughtUp(this.#dropped);
    this.#dropped = 0;
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
    const line = this.#line;
    line.on('bus.connect', () => {
      this.#isConnected = true;
      this.#bus?.connect(this.#receiver);
    });
    this.#answer('bus.interest', (bus, names: [string, number]) => bus.setInterest(...names));
    this.#answer('bus.enter', (bus, presence: ChannelPresence) => bus.enter(presence));
    this.#answer('bus.exit', (bus, names: [string, string, string]) => bus.exit(...names));
    this.#answer('bus.presence', (bus, topic: string) => bus.presence(topic));
    this.#answer('bus.restate', async (bus, state: ProcessState) => [...(await bus.restate(state))]);
    line.answer('bus.read', async (question) => writeReplay(await this.#open.read(...(question as [string, Since]))));
    line.answer('bus.publish', (question, body) => {
      const [head, terms] = question as [MessageHead, PublishTerms];
      const message = readUnread(head, body && terms.keep !== undefined ? ownBytes(body) : body);
      const published = this.#open.publish(message, terms);
      return published instanceof Promise ? published.then((data) => ({ data })) : { data: published };
    });
  }

  get #open(): Bus {
    if (this.#bus === undefined) throw new Error('The primary takes this process for gone.');
    return this.#bus;
  }

  #answer(name: string, answer: (bus: Bus, question: never) => unknown): void {
    answerCalls(this.#line, name, (question: never) => answer(this.#open, question));
  }
}
