import type {
  Bus,
  BusMessage,
  BusReceiver,
  ChannelPresence,
  MemberChange,
  Position,
  PresentMember,
  ProcessState,
  Published,
  PublishTerms,
  Replay,
  Since,
} from '../../src/backplane/bus.ts';
import { MemoryBus } from '../../src/backplane/memory-bus.ts';
import { MemoryTopics } from '../../src/backplane/memory-topics.ts';

interface Call {
  /** Takes effect where the topics are. */
  readonly run: () => void;
  readonly reject: () => void;
}

interface Answer {
  readonly resolve: () => void;
  readonly reject: () => void;
}

/** What is lost when a bus is cut off. */
export interface Cut {
  /** How many of the calls under way take effect before; the others do not, and none is answered. */
  readonly taken?: number;
  /** Whether the other side takes the process for dead meanwhile. */
  readonly isForgotten?: boolean;
}

/**
 * A bus that is somewhere else. Calls take effect there in their order; answers come back in theirs, and so do
 * messages, but neither waits for the other. Nothing moves by itself. It can be cut off and come back.
 */
export class DelayedBus implements Bus {
  #topics: MemoryTopics;
  #far: MemoryBus | undefined;
  #receiver: BusReceiver | undefined;
  readonly #calls: Call[] = [];
  readonly #answers: Answer[] = [];
  #messages: (() => void)[] = [];
  /** Changes of members: they are told again where they were not acknowledged, so they survive a cut. */
  #changes: (() => void)[] = [];
  #isCut = false;
  /** Whether calls fail from now on. */
  isBroken = false;

  constructor(topics: MemoryTopics = new MemoryTopics()) {
    this.#topics = topics;
  }

  connect(receiver: BusReceiver): void {
    this.#receiver = receiver;
    this.#attach();
  }

  /** Whether something is under way. */
  get isBusy(): boolean {
    return this.#calls.length + this.#answers.length + this.#messages.length + this.#changes.length > 0;
  }

  get hasMessages(): boolean {
    return this.#messages.length > 0;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** One thing of this kind gets to its end. */
  step(kind: 'call' | 'answer' | 'message'): void {
    if (kind === 'call') this.#calls.shift()?.run();
    else if (kind === 'answer') this.#answers.shift()?.resolve();
    else (this.#messages.shift() ?? this.#changes.shift())?.();
  }

  /** The next message is lost on its way, and nothing says so. */
  lose(): void {
    this.#messages.shift();
  }

  /** The connection is lost, with all that is on it. */
  cut({ taken = 0, isForgotten = false }: Cut = {}): void {
    if (this.#isCut) return;
    for (const call of this.#calls.splice(0, taken)) call.run();
    this.#isCut = true;
    for (const { reject } of [...this.#calls.splice(0), ...this.#answers.splice(0)]) reject();
    this.#messages = [];
    if (isForgotten) this.die();
  }

  /** The connection is there again. @param topics those of another epoch, where these were lost */
  restore(topics: MemoryTopics = this.#topics): void {
    if (!this.#isCut) return;
    this.#isCut = false;
    if (topics !== this.#topics) this.#far = undefined;
    this.#topics = topics;
    if (this.#far === undefined) this.#attach();
    this.#receiver?.interrupted();
  }

  /** The other side takes the process for dead. */
  die(): void {
    this.#far?.disconnect();
    this.#far = undefined;
    this.#changes = [];
  }

  setInterest(topic: string, channels: number): Promise<Position> {
    return this.#call((far) => far.setInterest(topic, channels));
  }

  publish(message: BusMessage, terms: PublishTerms): Promise<Published> {
    return this.#call((far) => far.publish(message, terms));
  }

  read(topic: string, since: Since): Promise<Replay> {
    return this.#call((far) => far.read(topic, since));
  }

  enter(presence: ChannelPresence): Promise<void> {
    return this.#call((far) => far.enter(presence));
  }

  exit(topic: string, member: string, channel: string): Promise<void> {
    return this.#call((far) => far.exit(topic, member, channel));
  }

  presence(topic: string): Promise<readonly PresentMember[]> {
    return this.#call((far) => far.presence(topic));
  }

  restate(state: ProcessState): Promise<ReadonlyMap<string, Position>> {
    return this.#call((far) => far.restate(state));
  }

  #attach(): void {
    const far = new MemoryBus(this.#topics);
    this.#far = far;
    const isGone = () => this.#far !== far;
    far.connect({
      receive: (message) => {
        if (!this.#isCut && !isGone()) this.#messages.push(() => this.#receiver?.receive(message));
      },
      memberChanged: (change: MemberChange) =>
        new Promise((resolve) => {
          if (!isGone()) this.#changes.push(() => resolve(this.#receiver?.memberChanged(change)));
        }),
      interrupted() {},
    });
  }

  #call<Result>(call: (far: MemoryBus) => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error('The bus cannot be reached.'));
      const run = () => {
        const { isBroken } = this;
        const far = this.#far as MemoryBus;
        const result = isBroken ? undefined : call(far);
        this.#answers.push({
          reject: fail,
          resolve: () => (isBroken ? fail() : resolve(result as Result | Promise<Result>)),
        });
      };
      if (this.#isCut) this.#answers.push({ resolve: fail, reject: fail });
      else this.#calls.push({ run, reject: fail });
    });
  }
}
