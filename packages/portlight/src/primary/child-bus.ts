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
import { bytesOf, headOf, readPassed, readReplay } from './bus-wire.ts';
import type { Line } from './line.ts';

/** The bus as a child has it: what it asks, the primary answers. */
export class ChildBus implements Bus {
  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
  }

  connect(receiver: BusReceiver): void {
    this.#line.on('bus.message', (head, body) => receiver.receive(readPassed(head, body)));
    this.#line.answer('bus.change', async (change) => {
      const { topic, kind, member, info } = change as MemberChange;
      await receiver.memberChanged({ topic, kind, member, info });
    });
    this.#line.tell('bus.connect');
  }

  async setInterest(topic: string, channels: number): Promise<Position> {
    return (await this.#ask('bus.interest', [topic, channels])) as Position;
  }

  async publish(message: BusMessage, terms: PublishTerms): Promise<Published> {
    return (await this.#ask('bus.publish', [headOf(message), terms], bytesOf(message))) as Published;
  }

  async read(topic: string, since: Since): Promise<Replay> {
    return readReplay(await this.#line.call('bus.read', [topic, since]));
  }

  async enter(presence: ChannelPresence): Promise<void> {
    await this.#ask('bus.enter', presence);
  }

  async exit(topic: string, member: string, channel: string): Promise<void> {
    await this.#ask('bus.exit', [topic, member, channel]);
  }

  async presence(topic: string): Promise<readonly PresentMember[]> {
    const members = (await this.#ask('bus.presence', topic)) as readonly PresentMember[];
    return members.map(({ member, info, channels, joinedAt }) => ({ member, info, channels, joinedAt }));
  }

  async restate(state: ProcessState): Promise<ReadonlyMap<string, Position>> {
    return new Map((await this.#ask('bus.restate', state)) as readonly (readonly [string, Position])[]);
  }

  async #ask(name: string, data: unknown, body?: Uint8Array): Promise<unknown> {
    return (await this.#line.call(name, data, body)).data;
  }
}
