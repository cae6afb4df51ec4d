import { PreforkError } from '@portlight/prefork';
import type { ParsedAddress } from '../config/address.ts';
import { WorkerError } from '../errors/worker-error.ts';
import { toListenError } from '../ports/to-listen-error.ts';

/** Why a server with children could not start: what a child failed with, as if it had happened here. */
export async function toStartError(error: unknown, at: ParsedAddress): Promise<unknown> {
  if (!(error instanceof PreforkError)) return error;
  const { cause, message } = error;
  if (!(cause instanceof Error)) return new WorkerError(message, error);
  // Who is bound to a port may find only when it listens that somebody else does.
  return (cause as NodeJS.ErrnoException).code === 'EADDRINUSE' ? toListenError(cause, at) : cause;
}
