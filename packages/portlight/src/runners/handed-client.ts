import { DEFAULTS } from '../defaults.ts';

/** What is said of a socket that is handed over. */
export interface HandedClient {
  readonly id: number;
  /** What was read of it, in base64. */
  readonly bytes: string;
  /** On the clock that all processes of a machine share, in ms. Who gets it later leaves it to another process. */
  readonly expiresAt: number;
}

export function describeClient(id: number, bytes: Buffer): HandedClient {
  return { id, bytes: bytes.toString('base64'), expiresAt: monotonicMs() + DEFAULTS.handOverMs };
}

/** Whether it was handed over too long ago to be taken. */
export function isExpired({ expiresAt }: HandedClient): boolean {
  return monotonicMs() > expiresAt;
}

/** `performance.now()` begins anew in each process. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
