import type { FinishedExchange, FinishObserver } from '../config/hooks.ts';
import { ignoreRejection } from '../errors/ignore-rejection.ts';
import type { LogHolder } from '../log.ts';

/** Tells observers in their order. Never throws: what one of them throws is logged. */
export function tellObservers(observers: readonly FinishObserver[], finished: FinishedExchange, log: LogHolder): void {
  for (const observer of observers) {
    try {
      const result: unknown = observer(finished);
      if (result !== undefined) ignoreRejection(result, (error) => report(error, log));
    } catch (error) {
      report(error, log);
    }
  }
}

function report(error: unknown, log: LogHolder): void {
  log.logger.error({ err: error }, 'An observer of onFinish failed.');
}
