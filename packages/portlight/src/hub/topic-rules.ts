/**
 * Values for topics by name, or by a prefix that ends in `*`. Looks up as often as there are lengths of prefixes, never
 * through all.
 */
export class TopicRules<Value> {
  readonly #exact: Map<string, Value> = new Map();
  readonly #prefixes: Map<string, Value> = new Map();
  /** The longest first. */
  #lengths: readonly number[] = [];

  /** The value of exactly this pattern. */
  get(pattern: string): Value | undefined {
    return pattern.endsWith('*') ? this.#prefixes.get(pattern.slice(0, -1)) : this.#exact.get(pattern);
  }

  set(pattern: string, value: Value): void {
    if (!pattern.endsWith('*')) {
      this.#exact.set(pattern, value);
      return;
    }
    this.#prefixes.set(pattern.slice(0, -1), value);
    this.#lengths = [...new Set([...this.#prefixes.keys()].map((prefix) => prefix.length))].sort((a, b) => b - a);
  }

  /** The value of the narrowest pattern that takes the topic: its name, else its longest prefix. */
  find(topic: string): Value | undefined {
    const exact = this.#exact.get(topic);
    if (exact !== undefined) return exact;
    for (const length of this.#lengths) {
      const value = this.#prefixes.get(topic.slice(0, length));
      if (value !== undefined && length <= topic.length) return value;
    }
    return undefined;
  }

  /** The values of all patterns that take the topic, the narrowest first. */
  findAll(topic: string): readonly Value[] {
    const values = [
      this.#exact.get(topic),
      ...this.#lengths.map((length) =>
        length <= topic.length ? this.#prefixes.get(topic.slice(0, length)) : undefined,
      ),
    ];
    return values.filter((value) => value !== undefined);
  }
}
