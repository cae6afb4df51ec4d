import type { ChannelPresence } from 'portlight';

/** A channel under a name in a topic. */
type Place = Pick<ChannelPresence, 'topic' | 'member' | 'channel'>;

/** One that left. */
interface Ghost extends Place {
  /** In which life of the store the app was told that it is there, as far as is known. */
  readonly life: string | undefined;
}

/** What could not be said, and so was maybe not told to the app. */
export class UnsaidPresence {
  /** Those that came, and those that left, while the store could not be reached. */
  readonly #entered: Map<string, ChannelPresence> = new Map();
  readonly #left: Map<string, Ghost> = new Map();

  entered(presence: ChannelPresence): void {
    const key = keyOf(presence);
    this.#left.delete(key);
    this.#entered.set(key, presence);
  }

  /** Who came meanwhile was never there for others. */
  left(ghost: Ghost): void {
    const key = keyOf(ghost);
    if (!this.#entered.delete(key)) this.#left.set(key, ghost);
  }

  hasEntered(place: Place): boolean {
    return this.#entered.has(keyOf(place));
  }

  get ghosts(): readonly Ghost[] {
    return [...this.#left.values()];
  }

  /** Those that came, to be said now. */
  takeEntered(): readonly ChannelPresence[] {
    const entered = [...this.#entered.values()];
    this.#entered.clear();
    return entered;
  }

  /** All of it, to be said now. */
  take(): UnsaidPresence {
    const taken = new UnsaidPresence();
    taken.add(this);
    this.#entered.clear();
    this.#left.clear();
    return taken;
  }

  /** What was taken could not be said either. What came behind it counts. */
  add(older: UnsaidPresence): void {
    for (const [key, presence] of older.#entered) if (!this.#left.delete(key)) this.#entered.set(key, presence);
    for (const [key, place] of older.#left) if (!this.#entered.has(key)) this.#left.set(key, place);
  }
}

function keyOf({ topic, member, channel }: Place): string {
  return JSON.stringify([topic, member, channel]);
}
