/** What makes a process a child: it stands in the environment until the child has read it. */
export interface Marker {
  /** Of the messages; see `CONTROL_VERSION`. */
  readonly version: number;
  /** Of the supervisor. */
  readonly name: string;
  /** The process of the primary. */
  readonly pid: number;
  readonly id: number;
  readonly key: string;
  readonly reportIntervalMs: number;
  /** For a drain that the primary did not ask for. */
  readonly drainTimeoutMs: number;
  /** Beyond the time of any drain, for a child that lives. */
  readonly graceMs: number;
}

const VARIABLE = 'PREFORK_CHILD';

export function formatMarker(marker: Marker): Readonly<Record<string, string>> {
  return { [VARIABLE]: JSON.stringify(marker) };
}

/** Takes it out of the environment, so that what a child starts is no child. `undefined` where there is none. */
export function takeMarker(environment: NodeJS.ProcessEnv): Marker | undefined {
  const text = environment[VARIABLE];
  delete environment[VARIABLE];
  return text === undefined ? undefined : (JSON.parse(text) as Marker);
}
