import type {
  Bus,
  BusMessage,
  BusReceiver,
  MemberChange,
  PresentMember,
  Published,
  Replay,
  Retention,
  Since,
} from '../../src/backplane/bus.ts';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';

/**
 * A bus that is somewhere else. Calls take effect there in their order; answers come back in theirs, and so do
 * messages, but neither waits for the other; only the answer to `subscribe` comes in line with the messages. Nothing
 * moves by itself.
 */
export class DelayedBus implements Bus {
  readonly #far: MemoryBus;
  readonly #calls: (() => void)[] = [];
  readonly #answers: (() => void)[] = [];
  readonly #messages: (() => void)[] = [];
  /** Whether calls fail from now on. */
  isBroken = false;

  constructor(far: MemoryBus = new MemoryBus()) {
    this.#far = far;
  }

  connect(receiver: BusReceiver): void {
    this.#far.connect({
      receive: (message: BusMessage): number => {
        this.#messages.push(() => receiver.receive(message));
        return 1;
      },
      memberChanged: (change: MemberChange) => this.#messages.push(() => receiver.memberChanged(change)),
    });
  }

  /** @returns whether something is under way */
  get isBusy(): boolean {
    return this.#calls.length + this.#answers.length + this.#messages.length > 0;
  }

  /** One thing of this kind gets to its end. */
  step(kind: 'call' | 'answer' | 'message'): void {
    const line = { call: this.#calls, answer: this.#answers, message: this.#messages }[kind];
    line.shift()?.();
  }

  subscribe(topic: string): Promise<void> {
    return this.#call(() => this.#far.subscribe(topic), this.#messages);
  }

  unsubscribe(topic: string): Promise<void> {
    return this.#call(() => this.#far.unsubscribe(topic));
  }

  publish(message: BusMessage, keep: Retention | undefined): Promise<Published> {
    return this.#call(() => this.#far.publish(message, keep));
  }

  read(topic: string, since: Since): Promise<Replay> {
    return this.#call(() => this.#far.read(topic, since));
  }

  enter(topic: string, member: string, channel: string, info: string | undefined): Promise<void> {
    return this.#call(() => this.#far.enter(topic, member, channel, info));
  }

  exit(topic: string, member: string, channel: string, remember: boolean): Promise<void> {
    return this.#call(() => this.#far.exit(topic, member, channel, remember));
  }

  presence(topic: string): Promise<readonly PresentMember[]> {
    return this.#call(() => this.#far.presence(topic));
  }

  #call<Answer>(call: () => Answer | Promise<Answer>, line: (() => void)[] = this.#answers): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#calls.push(() => {
        const { isBroken } = this;
        const answer = isBroken ? undefined : call();
        line.push(() =>
          isBroken ? reject(new Error('The bus cannot be reached.')) : resolve(answer as Answer | Promise<Answer>),
        );
      });
    });
  }
}
