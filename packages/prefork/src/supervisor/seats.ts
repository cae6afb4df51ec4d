/** The numbers of children, and which of them are taken. */
export class Seats {
  readonly #most: number;
  readonly #taken: Set<number> = new Set();
  /** How many children each has had. */
  readonly #children: Map<number, number> = new Map();

  constructor(most: number) {
    this.#most = most;
  }

  /** The first that is free. @returns `undefined` where none is */
  take(): number | undefined {
    if (this.#taken.size >= this.#most) return undefined;
    let id = 1;
    while (this.#taken.has(id)) id++;
    this.#taken.add(id);
    return id;
  }

  free(id: number): void {
    this.#taken.delete(id);
  }

  /** A name for the next child of a seat, which no other child has or had. */
  nextKey(id: number): string {
    const children = this.#children.get(id) ?? 0;
    this.#children.set(id, children + 1);
    return `${id}.${children}`;
  }
}
