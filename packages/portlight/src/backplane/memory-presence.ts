import type { PresentMember } from './bus.ts';

interface Entry {
  readonly channels: Set<string>;
  readonly joinedAt: number;
  info: string | undefined;
}

/** Who is in which topic, in the memory of one process. */
export class MemoryPresence {
  readonly #topics: Map<string, Map<string, Entry>> = new Map();

  /** How many topics have somebody. */
  get size(): number {
    return this.#topics.size;
  }

  /** @returns whether the name was not there before */
  enter(topic: string, member: string, channel: string, info: string | undefined): boolean {
    const members = this.#topics.get(topic) ?? new Map<string, Entry>();
    this.#topics.set(topic, members);
    const present = members.get(member);
    if (present === undefined) {
      members.set(member, { channels: new Set([channel]), joinedAt: Date.now(), info });
      return true;
    }
    present.channels.add(channel);
    present.info = info;
    return false;
  }

  /** @returns the name's info, if this was its last channel */
  exit(topic: string, member: string, channel: string): { readonly info: string | undefined } | undefined {
    const members = this.#topics.get(topic);
    const entry = members?.get(member);
    if (members === undefined || entry === undefined || !entry.channels.delete(channel) || entry.channels.size > 0)
      return undefined;
    members.delete(member);
    if (members.size === 0) this.#topics.delete(topic);
    return { info: entry.info };
  }

  has(topic: string, member: string): boolean {
    return this.#topics.get(topic)?.has(member) === true;
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
}
