import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelRegistry } from '../channels/channel-registry.ts';
import { DEFAULTS } from '../defaults.ts';
import type { LogHolder } from '../log.ts';
import type { Edge } from '../socket/edge.ts';
import { type Hook, runHooks } from './hooks.ts';
import type { StopReason, StopReport } from './stop-report.ts';
import { within } from './within.ts';

export interface DrainOptions {
  readonly reason: StopReason;
  /** From the beginning to the force. */
  readonly timeoutMs: number;
  /** How long to go on accepting before that. */
  readonly delayMs: number;
}

/**
 * Stops serving, in this order: no longer ready, no longer accepting, what is under way ended or cut at the deadline,
 * hooks. Never rejects, and ends at the latest one second after the deadline.
 */
export async function drain(
  edge: Edge,
  channels: ChannelRegistry,
  hooks: readonly Hook[],
  options: DrainOptions,
  log: LogHolder,
): Promise<StopReport> {
  const startedAt = performance.now();
  const remainingMs = (): number => Math.max(0, options.timeoutMs - (performance.now() - startedAt));
  if (options.delayMs > 0) await delay(Math.min(options.delayMs, options.timeoutMs));
  const open = edge.connectionCount;
  // What ends because of the stop says so of its connection too.
  const draining = edge.drain();
  channels.stop();
  const isEmpty = await within(draining, remainingMs());
  const cut = (isEmpty ? 0 : edge.terminate()) + edge.cutCount;
  edge.close();
  const failed = await runStopHooks(hooks, Math.max(remainingMs(), DEFAULTS.shutdownHookMs), log);
  return {
    reason: options.reason,
    drained: Math.max(0, open - cut),
    forced: cut + failed,
    durationMs: Math.round(performance.now() - startedAt),
  };
}

/** Each hook has its chance even when one before it fails. Returns how many failed or were not done in time. */
async function runStopHooks(hooks: readonly Hook[], limitMs: number, log: LogHolder): Promise<number> {
  let done = 0;
  const all = async (): Promise<void> => {
    for (const hook of hooks) {
      try {
        await runHooks([hook]);
        done++;
      } catch (error) {
        log.logger.error({ err: error }, 'A hook failed while the server stopped.');
      }
    }
  };
  const inTime = await within(all(), limitMs);
  if (!inTime) log.logger.error({ limitMs }, 'The hooks of the stop were not done in time.');
  return hooks.length - done;
}
