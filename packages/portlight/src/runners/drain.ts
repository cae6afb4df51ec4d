import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULTS } from '../defaults.ts';
import { type Hook, runStopHooks } from '../lifecycle/hooks.ts';
import type { StopOptions } from '../lifecycle/service.ts';
import type { StopReport } from '../lifecycle/stop-report.ts';
import { within } from '../lifecycle/within.ts';
import type { LogHolder } from '../log.ts';
import type { Serving } from './serving.ts';

/**
 * Stops serving, in this order: no longer ready, no longer accepting, what is under way ended or cut at the deadline,
 * the last handlers of channels, hooks. Never rejects, and ends a good second after the deadline at the latest.
 *
 * @param onClosing called when it begins to accept nothing more
 */
export async function drain(
  { edge, channels, turns }: Serving,
  hooks: readonly Hook[],
  options: StopOptions,
  log: LogHolder,
  onClosing: () => void = () => {},
): Promise<StopReport> {
  const startedAt = performance.now();
  const remainingMs = (): number => Math.max(0, options.timeoutMs - (performance.now() - startedAt));
  if (options.delayMs > 0) await delay(Math.min(options.delayMs, options.timeoutMs));
  onClosing();
  const open = edge.connectionCount;
  // What ends because of the stop says so of its connection too.
  const draining = edge.drain({ idle: options.appGoesOn === true ? 'after-response' : 'now' });
  void options.appStops?.then(() => edge.drain());
  channels.stop();
  const ended = draining.then(() => channels.ended());
  const isEmpty = await within(ended, remainingMs());
  const late = channels.endingCount;
  const cut = (isEmpty ? 0 : edge.terminate()) + edge.cutCount;
  // The handlers of channels that were cut are told before the hooks, unless they have to wait.
  if (channels.count > 0) await within(ended, DEFAULTS.cutChannelsMs);
  edge.close();
  turns.renew();
  const failed = await runStopHooks(hooks, Math.max(remainingMs(), DEFAULTS.shutdownHookMs), log);
  return {
    reason: options.reason,
    drained: Math.max(0, open - cut),
    forced: cut + late + failed,
    durationMs: Math.round(performance.now() - startedAt),
  };
}
