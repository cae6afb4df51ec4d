/**
 * The entries that were set last: between half of `most` and `most` of them. Two generations, so that forgetting costs
 * nothing.
 */
export class RecentMap<Value> {
  readonly #half: number;
  readonly #forget: (values: Iterable<Value>) => void;
  #young: Map<string, Value> = new Map();
  #old: Map<string, Value> = new Map();

  /**
   * @param most from 2
   * @param forget is shown what is forgotten
   */
  constructor(most: number, forget: (values: Iterable<Value>) => void = () => {}) {
    this.#half = Math.floor(most / 2);
    this.#forget = forget;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string, value: Value): void {
    this.#old.delete(key);
    this.#young.set(key, value);
    if (this.#young.size < this.#half) return;
    this.#forget(this.#old.values());
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: string): void {
    if (!this.#young.delete(key)) this.#old.delete(key);
  }
}
