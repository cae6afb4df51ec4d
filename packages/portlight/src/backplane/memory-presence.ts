import type { ChannelPresence, PresentMember } from './bus.ts';

interface Entry {
  /** By channel, to whom it belongs. */
  readonly channels: Map<string, object>;
  readonly joinedAt: number;
  info: string | undefined;
  remember: boolean;
}

/** Who is in which topic, in the memory of one process. */
export class MemoryPresence {
  readonly #topics: Map<string, Map<string, Entry>> = new Map();

  /** How many topics have somebody. */
  get size(): number {
    return this.#topics.size;
  }

  /** @returns whether the name was not there before */
  enter(owner: object, { topic, member, channel, info, remember }: ChannelPresence): boolean {
    const members = this.#topics.get(topic) ?? new Map<string, Entry>();
    this.#topics.set(topic, members);
    const present = members.get(member);
    if (present === undefined) {
      members.set(member, { channels: new Map([[channel, owner]]), joinedAt: Date.now(), info, remember });
      return true;
    }
    present.channels.set(channel, owner);
    present.info = info;
    present.remember = remember;
    return false;
  }

  /** @returns what was last said of the name, if this was its last channel */
  exit(topic: string, member: string, channel: string): Pick<ChannelPresence, 'info' | 'remember'> | undefined {
    const members = this.#topics.get(topic);
    const entry = members?.get(member);
    if (members === undefined || entry === undefined || !entry.channels.delete(channel) || entry.channels.size > 0)
      return undefined;
    members.delete(member);
    if (members.size === 0) this.#topics.delete(topic);
    return entry;
  }

  has(topic: string, member: string): boolean {
    return this.#topics.get(topic)?.has(member) === true;
  }

  /** How many channels the name has in the topic, but for one of them. */
  count(topic: string, member: string, except: string | undefined): number {
    const channels = this.#topics.get(topic)?.get(member)?.channels;
    if (channels === undefined) return 0;
    return channels.size - (except !== undefined && channels.has(except) ? 1 : 0);
  }

  list(topic: string): readonly PresentMember[] {
    const members = this.#topics.get(topic) ?? new Map<string, Entry>();
    return [...members].map(([member, { channels, info, joinedAt }]) => ({
      member,
      info,
      channels: channels.size,
      joinedAt,
    }));
  }

  /** What belongs to one owner. Looks at everything there is. */
  ownedBy(owner: object): readonly Pick<ChannelPresence, 'topic' | 'member' | 'channel'>[] {
    return [...this.#topics].flatMap(([topic, members]) =>
      [...members].flatMap(([member, { channels }]) =>
        [...channels].flatMap(([channel, of]) => (of === owner ? [{ topic, member, channel }] : [])),
      ),
    );
  }
}
