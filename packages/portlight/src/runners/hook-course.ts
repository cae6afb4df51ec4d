import { type Hook, runHooks } from '../lifecycle/hooks.ts';

/** How far one run has come with the hooks of the app, and how long those of its stop have. */
export class HookCourse {
  /** What the start waits for at the moment, as the end of a sentence. */
  awaits: string;
  /** What ends the hooks that have begun, in order. */
  endings: readonly Hook[] = [];
  /** When the stop is over, on the clock of `performance`. */
  #endsAt = Number.POSITIVE_INFINITY;

  constructor(awaits: string) {
    this.awaits = awaits;
  }

  /** @throws what a hook throws; the reason of the signal */
  run(point: string, hooks: readonly Hook[], signal: AbortSignal): Promise<void> {
    this.awaits = `a hook of ${point}`;
    return runHooks(hooks, signal);
  }

  /** The stop begins, and has so long. */
  endWithin(limitMs: number): void {
    this.#endsAt = performance.now() + limitMs;
  }

  /** How much of that is left. */
  get leftMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /** A stop may come while a start that has failed is taken back; each hook has its turn once. */
  takeEndings(): readonly Hook[] {
    const { endings } = this;
    this.endings = [];
    return endings;
  }
}
