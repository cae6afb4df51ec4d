import type { StopReason } from './stop-report.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface ProcessWatchOptions {
  /** Called once, for the first signal or uncaught error. */
  readonly onStop: (reason: StopReason) => void;
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
    if (this.#options.onUncaught === undefined) return;
    process.on('uncaughtException', this.#onUncaught);
    process.on('unhandledRejection', this.#onUncaught);
  }

  uninstall(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
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
