import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './children.ts';
import type { ReloadedApp } from './reloaded-app.ts';

/** Numbers from 0 to 1, the same ones for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Harms the processes of an app, by a seed: the same deeds in the same order, whatever becomes of them. */
export class Chaos {
  /** What was done, in order. */
  readonly done: string[] = [];
  /** All children that there ever were, as far as it has seen. */
  readonly seen: Set<number> = new Set();
  readonly #app: ReloadedApp;
  readonly #random: () => number;
  /** Those that nobody lets go on: they are killed for their silence. */
  readonly #stopped: Set<number> = new Set();
  readonly #asked: Promise<unknown>[] = [];

  constructor(app: ReloadedApp, seed: number) {
    this.#app = app;
    this.#random = randomOf(seed);
  }

  /**
   * Goes on for so long. Resolves when no process suffers from it any more.
   *
   * @param names of what may be done
   */
  async run(ms: number, everyMs: number, names: readonly string[] = Object.keys(this.#deeds)): Promise<void> {
    const endsAt = performance.now() + ms;
    while (performance.now() < endsAt) {
      await this.#harm(names);
      await delay(everyMs * (0.5 + this.#random()));
    }
    await Promise.all(this.#asked);
    while ([...this.#stopped].some(isAlive)) await delay(20);
    this.look();
  }

  /** The children that there are. */
  look(): readonly number[] {
    const { pid } = this.#app;
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);
    for (const each of pids) this.seen.add(each);
    return pids.filter((each) => each > 0);
  }

  async #harm(names: readonly string[]): Promise<void> {
    const name = names[Math.floor(this.#random() * names.length)] ?? '';
    const deed = this.#deeds[name];
    const children = this.look();
    const child = children[Math.floor(this.#random() * children.length)];
    if (child === undefined || deed === undefined) return;
    this.done.push(name);
    await deed(child);
  }

  readonly #deeds: Readonly<Record<string, (child: number) => unknown>> = {
    kill: (child) => this.#signal(child, 'SIGKILL'),
    'kill another': (child) => this.#signal(child, 'SIGKILL'),
    terminate: (child) => this.#signal(child, 'SIGTERM'),
    stop: (child) => {
      this.#stopped.add(child);
      this.#signal(child, 'SIGSTOP');
    },
    pause: async (child) => {
      this.#signal(child, 'SIGSTOP');
      await delay(1_000 * this.#random());
      this.#signal(child, 'SIGCONT');
      this.#stopped.delete(child);
    },
    'pause the primary': async () => {
      this.#signal(this.#app.pid, 'SIGSTOP');
      await delay(1_000 * this.#random());
      this.#signal(this.#app.pid, 'SIGCONT');
    },
    // Whoever accepts it.
    loop: () => this.#ask('/block/3600000'),
    block: () => this.#ask('/block/500'),
    exit: () => this.#ask('/exit'),
    'flood by publications': () => this.#ask('/flood/publish/300'),
    'flood by messages': () => this.#ask('/flood/send/300'),
    leak: () => this.#ask('/leak/150'),
    'terminate one that passes it over': () =>
      this.#ask('/ignore-sigterm', (pid) => this.#signal(Number(pid), 'SIGTERM')),
    reload: () => this.#signal(this.#app.pid, 'SIGUSR2'),
    // The one that is killed meanwhile is followed by some that fall over.
    'reload broken code': async (child) => {
      this.#app.change("throw new Error('broken for the test')");
      this.#signal(this.#app.pid, 'SIGUSR2');
      await delay(1_000 * this.#random());
      this.#signal(child, 'SIGKILL');
      await delay(1_000 * this.#random());
      this.#app.change("export const version = 'mended';");
      this.#signal(this.#app.pid, 'SIGUSR2');
    },
  };

  /** Whoever takes it may be killed for what it does. */
  #ask(path: string, next: (text: string) => void = () => {}): void {
    this.#asked.push(this.#app.ask(path).then(next, () => {}));
  }

  #signal(pid: number, signal: NodeJS.Signals): void {
    try {
      process.kill(pid, signal);
    } catch {
      // It is gone.
    }
  }
}
