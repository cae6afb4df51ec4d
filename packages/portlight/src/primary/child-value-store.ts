import { noRoom } from '../backplane/no-room.ts';
import type { ValueStore } from '../backplane/value-store.ts';
import type { Line } from './line.ts';

/** The values as a child has them: they are in the primary. */
export class ChildValueStore implements ValueStore {
  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.#line.call('values.get', key)).data as string | undefined;
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#keep('values.set', [key, value, ttlMs]);
  }

  async delete(key: string): Promise<void> {
    await this.#line.call('values.delete', key);
  }

  async claim(key: string, ttlMs: number): Promise<boolean> {
    return (await this.#keep('values.claim', [key, ttlMs])) as boolean;
  }

  /** @throws {ServiceUnavailableError} where there is no room */
  async #keep(name: string, data: unknown): Promise<unknown> {
    const answer = (await this.#line.call(name, data)).data as { readonly isFull: boolean; readonly outcome?: unknown };
    if (answer.isFull) throw noRoom();
    return answer.outcome;
  }
}
