/** A mode of `run`, and what it promises differently: all else is the same in every mode. */
export interface Mode {
  readonly name: string;
  /** How many processes serve the app that keeps promises side by side. */
  readonly serving: number;
  /** Whether those are children of the process that was started, which serves nobody. Then the app outlives each. */
  readonly hasChildren: boolean;
  /** Whether a process begins a request while a handler is at work on another. */
  readonly handlesTogether: boolean;
  /** Whether `r` of the field RateLimit is what is left, or may be less. */
  readonly remaining: 'exact' | 'at most';
}

export const MODES: readonly Mode[] = [
  { name: 'concurrent', serving: 1, hasChildren: false, handlesTogether: true, remaining: 'exact' },
  { name: 'sequential', serving: 1, hasChildren: false, handlesTogether: false, remaining: 'exact' },
  { name: 'workers', serving: 3, hasChildren: true, handlesTogether: true, remaining: 'at most' },
];
