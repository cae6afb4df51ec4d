import { DEFAULTS } from '../defaults.ts';
import type { ParsedJoin } from './parse-join.ts';
import type { Subscriber } from './subscriber.ts';

/** What one call asked for that could not be joined. */
export interface WantedJoin {
  readonly subscriber: Subscriber;
  readonly joins: readonly ParsedJoin[];
  readonly since: string | undefined;
}

/**
 * Joins that failed though nothing was wrong with them: they are tried again until they succeed or nobody wants them
 * any more, at once when the bus can be reached again, and else each second, with one of them first.
 */
export class WantedJoins {
  /** By the id of the subscriber. */
  readonly #wanted: Map<string, readonly WantedJoin[]> = new Map();
  readonly #join: (wanted: WantedJoin) => Promise<void>;
  #timer: NodeJS.Timeout | undefined;

  /** @param join tries one; where it fails again, it is `add`ed again */
  constructor(join: (wanted: WantedJoin) => Promise<void>) {
    this.#join = join;
  }

  /** How many subscribers want something. */
  get size(): number {
    return this.#wanted.size;
  }

  topicsOf(id: string): readonly string[] {
    return (this.#wanted.get(id) ?? []).flatMap(({ joins }) => joins.map(({ topic }) => topic));
  }

  add(wanted: WantedJoin): void {
    const { id } = wanted.subscriber;
    this.#wanted.set(id, [...(this.#wanted.get(id) ?? []), wanted]);
    this.#timer ??= setTimeout(() => void this.#probe(), DEFAULTS.storeProbeMs).unref();
  }

  /** It is joined another way, or not wanted any more. @returns how it was to be joined */
  delete(id: string, topic: string): ParsedJoin | undefined {
    const all = this.#wanted.get(id) ?? [];
    const found = all.flatMap(({ joins }) => joins).find((join) => join.topic === topic);
    if (found === undefined) return undefined;
    const rest = all.map((each) => ({ ...each, joins: each.joins.filter((join) => join !== found) }));
    const left = rest.filter(({ joins }) => joins.length > 0);
    if (left.length > 0) this.#wanted.set(id, left);
    else this.deleteAll(id);
    return found;
  }

  deleteAll(id: string): void {
    this.#wanted.delete(id);
    if (this.#wanted.size === 0) this.#rest();
  }

  /** Tries all of them. */
  retry(): void {
    const all = [...this.#wanted.values()].flat();
    this.#wanted.clear();
    this.#rest();
    for (const each of all) void this.#join(each).catch(() => {});
  }

  async #probe(): Promise<void> {
    this.#timer = undefined;
    const [id] = this.#wanted.keys();
    const [first, ...others] = (id === undefined ? undefined : this.#wanted.get(id)) ?? [];
    if (id === undefined || first === undefined) return;
    if (others.length > 0) this.#wanted.set(id, others);
    else this.#wanted.delete(id);
    try {
      await this.#join(first);
      this.retry();
    } catch {
      // It is wanted again, behind the others.
    }
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
