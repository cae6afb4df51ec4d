/** What comes, in order, for who waits for the next. */
export class Inbox<Item> {
  readonly #items: Item[] = [];
  readonly #waiting: { readonly resolve: (item: Item) => void; readonly reject: (reason: Error) => void }[] = [];
  #end: Error | undefined;

  push(item: Item): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#items.push(item);
    else next.resolve(item);
  }

  /** Nothing more will come; who waits is told why. */
  end(reason: Error): void {
    this.#end ??= reason;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }

  /** @throws the reason of the end, once everything was taken */
  next(): Promise<Item> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift() as Item);
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}
