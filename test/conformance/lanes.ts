import type { ServerOptions } from 'portlight';

/** One of the ways in which connections are served. What holds of one has to hold of all. */
export interface Lane {
  readonly name: string;
  readonly options: ServerOptions;
}

export const LANES: readonly Lane[] = [
  { name: 'fast', options: { lane: 'fast' } },
  { name: 'node:http', options: { lane: 'http' } },
];
