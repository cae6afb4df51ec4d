import type { RemoteErrorData } from './remote-error.ts';

/** Of the messages, the marker in the environment and the names on the link. Other versions are not spoken with. */
export const CONTROL_VERSION = 1;

/** Why a child drains: it was told to, it was sent a signal, its primary is gone, or it says so itself. */
export type DrainReason = 'stop' | 'replace' | 'SIGTERM' | 'primary-lost' | (string & {});

/** What primary and child say to each other over Node's own channel, apart from what Node says there itself. */
export type ControlMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: RemoteErrorData }
  | { readonly kind: 'drain'; readonly timeoutMs: number; readonly reason: DrainReason }
  /** Shortly before the end of its time: its event loop turns. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'draining'; readonly reason: DrainReason; readonly isFailure: boolean }
  | { readonly kind: 'drained'; readonly report: unknown }
  | { readonly kind: 'message'; readonly type: string; readonly data: unknown; readonly id?: number }
  | { readonly kind: 'taken'; readonly id: number; readonly isTaken: boolean };

const KINDS: ReadonlySet<unknown> = new Set<ControlMessage['kind']>([
  'ready',
  'failed',
  'drain',
  'alive',
  'draining',
  'drained',
  'message',
  'taken',
]);

/** As it is written: always an object of ours around what the app says, so that Node takes none of it for its own. */
export function formatControlMessage(message: ControlMessage): object {
  return { prefork: CONTROL_VERSION, ...message };
}

/** `undefined` for what is not one of these: the app and Node itself may say things on the same channel. */
export function parseControlMessage(value: unknown): ControlMessage | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { prefork, kind } = value as { readonly prefork?: unknown; readonly kind?: unknown };
  return prefork === CONTROL_VERSION && KINDS.has(kind) ? (value as ControlMessage) : undefined;
}
