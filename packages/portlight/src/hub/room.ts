import type { Membership } from './membership.ts';

const NOBODY: ReadonlySet<Membership> = new Set();

/** The members of one topic in this process. */
export class Room {
  readonly topic: string;
  readonly members: Set<Membership> = new Set();
  /** Resolves when messages arrive; `undefined` once they do. */
  opening: Promise<void> | undefined;
  #byName: Map<string, Set<Membership>> | undefined;

  constructor(topic: string) {
    this.topic = topic;
  }

  add(membership: Membership): void {
    this.members.add(membership);
    const { name } = membership;
    if (name === undefined) return;
    this.#byName ??= new Map();
    const same = this.#byName.get(name) ?? new Set<Membership>();
    this.#byName.set(name, same.add(membership));
  }

  delete(membership: Membership): void {
    this.members.delete(membership);
    const { name } = membership;
    const same = name === undefined ? undefined : this.#byName?.get(name);
    if (name === undefined || same === undefined) return;
    same.delete(membership);
    if (same.size === 0) this.#byName?.delete(name);
  }

  named(name: string): ReadonlySet<Membership> {
    return this.#byName?.get(name) ?? NOBODY;
  }
}
