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
} from '../backplane/bus.ts';
import { notNow } from '../backplane/not-now.ts';
import { DEFAULTS } from '../defaults.ts';
import { Arrivals } from './arrivals.ts';
import { bytesOf, headOf, readPassed, readReplay } from './bus-wire.ts';
import type { Line } from './line.ts';

/** The bus as a child has it: what it asks, the primary answers. */
export class ChildBus implements Bus {
  readonly #line: Line;
  readonly #maxWaitingBytes: number;
  /** Whether the primary was not told of something that this process has, or has no longer. */
  #isUnsaid = false;

  /** @param maxWaitingBytes of what the primary does not take; beyond it nothing more is published */
  constructor(line: Line, maxWaitingBytes: number = DEFAULTS.maxWaitingBytes) {
    this.#line = line;
    this.#maxWaitingBytes = maxWaitingBytes;
  }

  connect(receiver: BusReceiver): void {
    const line = this.#line;
    const arrivals = new Arrivals(receiver);
    line.on('bus.message', (head, body) => arrivals.receive(readPassed(head, body)));
    line.on('bus.interrupted', () => arrivals.interrupt());
    line.answer('bus.change', async (change) => {
      const { topic, kind, member, info } = change as MemberChange;
      await receiver.memberChanged({ topic, kind, member, info });
    });
    line.onDrained(() => {
      if (!this.#isUnsaid || line.pendingBytes > this.#maxWaitingBytes) return;
      this.#isUnsaid = false;
      arrivals.interrupt();
    });
    line.tell('bus.connect');
  }

  async setInterest(topic: string, channels: number): Promise<Position> {
    return (await this.#say('bus.interest', [topic, channels])) as Position;
  }

  /** Rejects with a 503 where the primary has not taken what was published before. */
  async publish(message: BusMessage, terms: PublishTerms): Promise<Published> {
    if (this.#line.pendingBytes > this.#maxWaitingBytes) throw notNow('Too much is published at once.');
    const { data } = await this.#line.call('bus.publish', [headOf(message), terms], bytesOf(message));
    return data as Published;
  }

  async read(topic: string, since: Since): Promise<Replay> {
    return readReplay(await this.#line.call('bus.read', [topic, since]));
  }

  async enter(presence: ChannelPresence): Promise<void> {
    await this.#say('bus.enter', presence);
  }

  async exit(topic: string, member: string, channel: string): Promise<void> {
    await this.#say('bus.exit', [topic, member, channel]);
  }

  async presence(topic: string): Promise<readonly PresentMember[]> {
    const members = (await this.#line.call('bus.presence', topic)).data as readonly PresentMember[];
    return members.map(({ member, info, channels, joinedAt }) => ({ member, info, channels, joinedAt }));
  }

  async restate(state: ProcessState): Promise<ReadonlyMap<string, Position>> {
    return new Map((await this.#say('bus.restate', state)) as readonly (readonly [string, Position])[]);
  }

  /** Says what this process has. Where that fails, it has to be said again. */
  async #say(name: string, data: unknown): Promise<unknown> {
    try {
      return (await this.#line.call(name, data)).data;
    } catch (error) {
      this.#isUnsaid = true;
      throw error;
    }
  }
}
