import type {
  Bus,
  BusMessage,
  BusReceiver,
  ChannelPresence,
  PassedMessage,
  Position,
  PresentMember,
  ProcessState,
  Published,
  PublishTerms,
  Replay,
  Since,
} from './bus.ts';
import { textOf } from './text-of.ts';
import { MemoryTopics, type TopicsEnd } from './memory-topics.ts';

/** One end of topics in memory: every answer is there at once. A process that is alone has the only one. */
export class MemoryBus implements Bus, TopicsEnd {
  readonly interests: Map<string, number> = new Map();
  receiver: BusReceiver = NOBODY;
  readonly #topics: MemoryTopics;
  readonly #form: (message: PassedMessage) => PassedMessage;

  /** @param form makes of a message what this end is given: who passes it on needs no text */
  constructor(topics: MemoryTopics = new MemoryTopics(), form: (message: PassedMessage) => PassedMessage = readable) {
    this.#topics = topics;
    this.#form = form;
  }

  get sizes(): MemoryTopics['sizes'] {
    return this.#topics.sizes;
  }

  connect(receiver: BusReceiver): void {
    this.receiver = {
      receive: (message) => receiver.receive(this.#form(message)),
      memberChanged: (change) => receiver.memberChanged(change),
      interrupted: () => receiver.interrupted(),
    };
    this.#topics.add(this);
  }

  /** The process at this end is gone: what it had is taken away, and told to another. */
  disconnect(): void {
    this.#topics.delete(this);
  }

  setInterest(topic: string, channels: number): Position {
    return this.#topics.setInterest(this, topic, channels);
  }

  publish(message: BusMessage, terms: PublishTerms): Published | Promise<Published> {
    return this.#topics.publish(message, terms);
  }

  read(topic: string, since: Since): Replay {
    const { gap, messages } = this.#topics.read(topic, since);
    return { gap, messages: messages.map(this.#form) };
  }

  enter(presence: ChannelPresence): void {
    this.#topics.enter(this, presence);
  }

  exit(topic: string, member: string, channel: string): void {
    this.#topics.exit(this, topic, member, channel);
  }

  presence(topic: string): readonly PresentMember[] {
    return this.#topics.presence(topic);
  }

  restate(state: ProcessState): ReadonlyMap<string, Position> {
    return this.#topics.restate(this, state);
  }
}

/** The message with text where its form is text: it may have come as bytes, which are left alone until then. */
function readable(message: PassedMessage): PassedMessage {
  const { form, payload } = message;
  return form === 'bytes' || typeof payload === 'string' ? message : { ...message, payload: textOf(payload) };
}

const NOBODY: BusReceiver = { receive() {}, memberChanged() {}, interrupted() {} };
