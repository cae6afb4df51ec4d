import { isatty } from 'node:tty';
import type { StopReason } from './stop-report.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const STDIN = 0;

export interface ProcessWatchOptions {
  /** Called once, for the first signal or uncaught error. */
  readonly onStop: (reason: StopReason) => void;
  /**
   * Called for each SIGUSR2, and for each SIGHUP where standard input is no terminal whose end that would be. Without
   * it they end the process, as Node has it.
   */
  readonly onReload: (() => void) | undefined;
  /** Called before the process is ended because of a signal during the stop. */
  readonly onSecondSignal: () => void;
  /** Called for each uncaught exception and unhandled rejection; without it they are the app's. */
  readonly onUncaught: ((error: unknown) => void) | undefined;
}

/** Listens to what ends a process while a server runs in it. A second signal does not wait. */
export class ProcessWatch {
  readonly #options: ProcessWatchOptions;
  #isStopping = false;
  #sawUncaught = false;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
  }

  /** Whether something went uncaught, before or during the stop. */
  get sawUncaught(): boolean {
    return this.#sawUncaught;
  }

  install(): void {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    if (this.#options.onReload !== undefined) {
      process.on('SIGUSR2', this.#onReload);
      if (!isatty(STDIN)) process.on('SIGHUP', this.#onReload);
    }
    if (this.#options.onUncaught === undefined) return;
    process.on('uncaughtException', this.#onUncaught);
    process.on('unhandledRejection', this.#onUncaught);
  }

  uninstall(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    process.off('SIGUSR2', this.#onReload).off('SIGHUP', this.#onReload);
    process.off('uncaughtException', this.#onUncaught);
    process.off('unhandledRejection', this.#onUncaught);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.#isStopping) {
      this.#options.onSecondSignal();
      process.exit(1);
    }
    this.#stop(signal as StopReason);
  };

  readonly #onReload = (): void => {
    if (!this.#isStopping) this.#options.onReload?.();
  };

  readonly #onUncaught = (error: unknown): void => {
    this.#sawUncaught = true;
    this.#options.onUncaught?.(error);
    if (!this.#isStopping) this.#stop('uncaught');
  };

  #stop(reason: StopReason): void {
    this.#isStopping = true;
    this.#options.onStop(reason);
  }
}
