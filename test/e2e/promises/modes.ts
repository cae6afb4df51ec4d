/** A mode of `run`, and what it promises differently: all else is the same in every mode. */
export interface Mode {
  readonly name: string;
  /** How many processes of one server keep promises side by side, as far as clients of a test see them. */
  readonly serving: number;
  /** How many clients of one server a promise about several has at least, also where one process serves them all. */
  readonly several: number;
  /** Whether each connection has a process of its own; then there are as many as there are connections. */
  readonly isOneEach: boolean;
  /** For `setMaxProcesses`, and for `run`, where the mode needs them. */
  readonly children?: number;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether those are children of the process that was started, which serves nobody. Then the app outlives each. */
  readonly hasChildren: boolean;
  /** Whether a process begins a request while a handler is at work on another. */
  readonly handlesTogether: boolean;
  /** What several servers share, where they do: where it is, and the options of `redis`. */
  readonly redis?: { readonly url: string; readonly [option: string]: unknown };
  /** Whether `r` of the field RateLimit is what is left, or may be less. */
  readonly remaining: 'exact' | 'at most';
}

const ONE = { serving: 1, several: 3, isOneEach: false, hasChildren: false, remaining: 'exact' } as const;

export const MODES: readonly Mode[] = [
  { name: 'concurrent', ...ONE, handlesTogether: true },
  { name: 'sequential', ...ONE, handlesTogether: false },
  {
    name: 'workers',
    serving: 3,
    several: 3,
    isOneEach: false,
    children: 3,
    hasChildren: true,
    handlesTogether: true,
    remaining: 'at most',
  },
  {
    name: 'forked',
    serving: 3,
    several: 3,
    isOneEach: true,
    children: 24,
    // Who comes before a process is there for it waits, however slow the machine is.
    options: { maxStreams: 16, queueTimeoutMs: 120_000 },
    hasChildren: true,
    handlesTogether: true,
    remaining: 'at most',
  },
];

/** Of each of two servers that share a Redis. */
const OF_TWO: readonly Mode[] = MODES.filter(({ name }) => name !== 'sequential').map((mode) => ({
  ...mode,
  ...(mode.hasChildren ? { serving: 2, children: mode.isOneEach ? 48 : 2 } : {}),
  several: 2,
  remaining: 'at most',
}));

/** After how long a server that is not heard of is taken for gone: the shortest that can be asked for. */
export const LOST_AFTER_MS = 3_000;

/** The modes of two servers, which share the Redis once one is there. */
export const SHARING: readonly { readonly name: string; readonly on: (url: string) => Mode }[] = OF_TWO.map((mode) => ({
  name: mode.name,
  // Whatever else this machine does meanwhile, limits are those of both.
  on: (url) => ({ ...mode, redis: { url, limitTimeoutMs: 5_000, lostAfterMs: LOST_AFTER_MS } }),
}));

let apps = 0;

/** For servers that share nothing with those of another test. */
export function alone(mode: Mode): Mode {
  if (mode.redis === undefined) throw new Error('These servers share nothing.');
  return { ...mode, redis: { ...mode.redis, prefix: `app-${++apps}` } };
}
