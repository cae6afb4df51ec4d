/** A mode of `run`, and what it promises differently: all else is the same in every mode. */
export interface Mode {
  readonly name: string;
  /** How many processes serve the app that keeps promises side by side, as far as clients of a test see them. */
  readonly serving: number;
  /** Whether each connection has a process of its own; then there are as many as there are connections. */
  readonly isOneEach: boolean;
  /** For `setMaxProcesses`, and for `run`, where the mode needs them. */
  readonly children?: number;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether those are children of the process that was started, which serves nobody. Then the app outlives each. */
  readonly hasChildren: boolean;
  /** Whether a process begins a request while a handler is at work on another. */
  readonly handlesTogether: boolean;
  /** Whether `r` of the field RateLimit is what is left, or may be less. */
  readonly remaining: 'exact' | 'at most';
}

const ONE = { serving: 1, isOneEach: false, hasChildren: false, remaining: 'exact' } as const;

export const MODES: readonly Mode[] = [
  { name: 'concurrent', ...ONE, handlesTogether: true },
  { name: 'sequential', ...ONE, handlesTogether: false },
  {
    name: 'workers',
    serving: 3,
    isOneEach: false,
    children: 3,
    hasChildren: true,
    handlesTogether: true,
    remaining: 'at most',
  },
  {
    name: 'forked',
    serving: 3,
    isOneEach: true,
    children: 24,
    options: { maxStreams: 16 },
    hasChildren: true,
    handlesTogether: true,
    remaining: 'at most',
  },
];
