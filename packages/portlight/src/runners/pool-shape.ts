import { availableProcessors } from '@portlight/prefork';
import type { ServerConfig } from '../config/server-options.ts';
import { DEFAULTS } from '../defaults.ts';
import type { RecyclingLimits } from './recycling.ts';

/** How many children a server has, and what is watched of them. */
export interface PoolShape extends RecyclingLimits {
  /** From the start on. */
  readonly size: number;
  readonly maxSize: number;
  /** WebSockets and event streams of all children together. */
  readonly maxChannels: number;
  readonly unresponsiveTimeoutMs: number;
}

/** All children are there from the start on, and each has many connections. */
export function poolOfWorkers({ channels, ...config }: ServerConfig): PoolShape {
  const size = config.maxProcesses ?? availableProcessors();
  const { maxRequestsPerWorker, maxMemoryBytes } = config;
  return {
    size,
    maxSize: size,
    maxChannels: channels.maxChannels,
    unresponsiveTimeoutMs: config.unresponsiveTimeoutMs ?? DEFAULTS.unresponsiveTimeoutMs,
    maxRequestsPerWorker,
    maxMemoryBytes,
  };
}

/** As many children as there are connections, within bounds; each has one. */
export function poolOfForked({ channels, ...config }: ServerConfig): PoolShape {
  const maxSize = config.maxProcesses ?? DEFAULTS.forkedProcesses;
  const maxStreams = config.maxStreams ?? Math.max(1, Math.floor(maxSize / 2));
  // One that blocks keeps nobody waiting, and may take as long as its handler may.
  const mayBlock = (config.handlerTimeoutMs ?? DEFAULTS.handlerTimeoutMs) === 0;
  return {
    size: Math.max(1, Math.min(config.minSpare, maxSize)),
    maxSize,
    maxChannels: Math.min(channels.maxChannels, maxStreams),
    unresponsiveTimeoutMs: config.unresponsiveTimeoutMs ?? (mayBlock ? Infinity : DEFAULTS.unresponsiveTimeoutMs),
    // Its desk sees to that after each connection.
    maxRequestsPerWorker: undefined,
    maxMemoryBytes: config.maxMemoryBytes,
  };
}
