import { ReplyError } from '../errors/reply-error.ts';
import { headerProblem } from './header-syntax.ts';

/** What the house does with a list, and an app cannot. Set by the class below. */
export let fieldControls: {
  /** The fields as name, value, name, value. Belongs to the list: copy before you change it. */
  flat(list: HeaderList): readonly string[];
  /** From here on says which fields are written, also to what they were, or taken out: names in lower case. */
  watch(list: HeaderList): readonly string[];
  /** Sets a field that is known to be right, whose name is in lower case. */
  put(list: HeaderList, name: string, value: string): void;
  /** Takes over the fields of another list. */
  assign(list: HeaderList, other: HeaderList): void;
};

/**
 * The header fields of one response: names in lower case, in the order they were set, a name as often as it was
 * appended.
 *
 * Behaves like the standard `Headers`, but is a flat array inside, so that it can be handed to the wire as it is.
 */
export class HeaderList {
  readonly #flat: string[];
  /** The names that were written since somebody began to watch. */
  #written: string[] | undefined;

  /** @param flat name, value, name, value; not checked, and the list's from here on */
  constructor(flat: string[] = []) {
    this.#flat = flat;
  }

  /** The value, repeated fields joined by a comma, or `null`. */
  get(name: string): string | null {
    const values = this.#values(name.toLowerCase());
    return values.length === 0 ? null : values.join(', ');
  }

  /** Each `Set-Cookie` on its own: they cannot be joined (RFC 9110 §5.3). */
  getSetCookie(): string[] {
    return this.#values('set-cookie');
  }

  has(name: string): boolean {
    return this.#indexOf(name.toLowerCase(), 0) !== -1;
  }

  /** @throws {ReplyError} on CR, LF, NUL or another character that no header may hold */
  set(name: string, value: string): void {
    assertField(name, value);
    const key = name.toLowerCase();
    this.#written?.push(key);
    const index = this.#indexOf(key, 0);
    if (index === -1) {
      this.#flat.push(key, value);
      return;
    }
    this.#flat[index + 1] = value;
    this.#removeFrom(key, index + 2);
  }

  /**
   * Puts fields of one name in place of all that it had.
   *
   * @throws {ReplyError} as {@link set}; then nothing is changed
   */
  replace(name: string, values: readonly string[]): void {
    for (const value of values) assertField(name, value);
    this.delete(name);
    for (const value of values) this.#flat.push(name.toLowerCase(), value);
  }

  /** @throws {ReplyError} as {@link set} */
  append(name: string, value: string): void {
    assertField(name, value);
    this.#written?.push(name.toLowerCase());
    this.#flat.push(name.toLowerCase(), value);
  }

  delete(name: string): void {
    const key = name.toLowerCase();
    this.#written?.push(key);
    this.#removeFrom(key, 0);
  }

  forEach(visit: (value: string, name: string, list: HeaderList) => void): void {
    for (const [name, value] of this) visit(value, name, this);
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (let index = 0; index < this.#flat.length; index += 2) {
      yield [this.#flat[index] as string, this.#flat[index + 1] as string];
    }
  }

  entries(): IterableIterator<[string, string]> {
    return this[Symbol.iterator]();
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this) yield value;
  }

  #put(name: string, value: string): void {
    const index = this.#indexOf(name, 0);
    if (index === -1) {
      this.#flat.push(name, value);
      return;
    }
    this.#flat[index + 1] = value;
    this.#removeFrom(name, index + 2);
  }

  #indexOf(key: string, start: number): number {
    for (let index = start; index < this.#flat.length; index += 2) {
      if (this.#flat[index] === key) return index;
    }
    return -1;
  }

  #values(key: string): string[] {
    const values: string[] = [];
    for (let index = this.#indexOf(key, 0); index !== -1; index = this.#indexOf(key, index + 2)) {
      values.push(this.#flat[index + 1] as string);
    }
    return values;
  }

  #removeFrom(key: string, start: number): void {
    for (let index = this.#indexOf(key, start); index !== -1; index = this.#indexOf(key, index)) {
      this.#flat.splice(index, 2);
    }
  }

  static {
    fieldControls = {
      flat: (list) => list.#flat,
      watch: (list) => (list.#written = []),
      put: (list, name, value) => list.#put(name, value),
      assign(list, other) {
        list.#flat.length = 0;
        for (const text of other.#flat) list.#flat.push(text);
      },
    };
  }
}

function assertField(name: string, value: string): void {
  const problem = headerProblem(name, value);
  if (problem !== undefined) throw new ReplyError(problem, 'ERR_PORTLIGHT_INVALID_HEADER');
}
