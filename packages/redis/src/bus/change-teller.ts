import type { MemberChange } from 'portlight';
import type { RedisLink } from '../link/redis-link.ts';
import { readChange } from './read-change.ts';
import type { WrittenChanges } from './sweep.ts';

/** Tells the app of changes of presence, once each, and has Redis forget them. */
export class ChangeTeller {
  readonly #link: RedisLink;
  readonly #owner: string;
  readonly #tell: (change: MemberChange) => unknown;
  /** By their ids, until Redis knows that they were told; and whether that could not be said. */
  readonly #telling: Map<string, { isUnsaid: boolean }> = new Map();

  constructor(link: RedisLink, owner: string, tell: (change: MemberChange) => unknown) {
    this.#link = link;
    this.#owner = owner;
    this.#tell = tell;
  }

  tell(changes: WrittenChanges): void {
    for (let index = 0; index < changes.length; index += 2) {
      const id = String(changes[index]);
      const telling = this.#telling.get(id);
      if (telling === undefined) void this.#tellOne(id, readChange(changes[index + 1] as string));
      else if (telling.isUnsaid) void this.#acknowledge(id, telling);
    }
  }

  /** @param changes all that Redis has for this process, of calls whose answers were lost */
  tellRest(changes: WrittenChanges): void {
    this.tell(changes);
    for (const [id, { isUnsaid }] of this.#telling) if (isUnsaid && !changes.includes(id)) this.#telling.delete(id);
  }

  async #tellOne(id: string, change: MemberChange): Promise<void> {
    const telling = { isUnsaid: false };
    this.#telling.set(id, telling);
    try {
      await this.#tell(change);
    } catch {
      // That it was told is what counts.
    }
    await this.#acknowledge(id, telling);
  }

  /** What cannot be said now is when Redis asks again; who takes over may hear of the change once more. */
  async #acknowledge(id: string, telling: { isUnsaid: boolean }): Promise<void> {
    telling.isUnsaid = false;
    try {
      await this.#link.send(['HDEL', this.#link.key('untold', this.#owner), id]);
      // Answers that are older came before this one, and may be read behind it.
      setImmediate(() => this.#telling.delete(id));
    } catch {
      telling.isUnsaid = true;
    }
  }
}
