/** Who waits for something that a client keeps to change. */
export class Watchers {
  #watchers: (() => void)[] = [];

  /** Makes a change, and lets everybody look at it. */
  note(change: () => unknown): void {
    change();
    for (const watch of [...this.#watchers]) watch();
  }

  /** Resolves when the condition holds; looked at after every change. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#watchers = this.#watchers.filter((each) => each !== look);
        resolve();
      };
      this.#watchers.push(look);
      look();
    });
  }
}
