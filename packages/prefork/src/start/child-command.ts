import { fileURLToPath } from 'node:url';
import { PreforkError } from '../prefork-error.ts';
import { type Marker, formatMarker } from './marker.ts';

/** What a child is started with. */
export interface ChildCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Of Node. */
  readonly execArgv: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

export interface CommandOptions {
  readonly entry?: string | URL | undefined;
  readonly args?: readonly string[] | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The process whose file children are started from. */
export type Parent = Pick<NodeJS.Process, 'argv' | 'execArgv' | 'env'>;

/**
 * The command of this process, for a child.
 *
 * @throws {PreforkError} where this process was started from no file, and none is given
 */
export function childCommand(parent: Parent, options: CommandOptions): Omit<ChildCommand, 'environment'> {
  return {
    file: entryFile(parent, options.entry),
    args: options.args ?? parent.argv.slice(2),
    execArgv: parent.execArgv,
  };
}

export function childEnvironment(parent: Parent, options: CommandOptions, marker: Marker): NodeJS.ProcessEnv {
  return { ...parent.env, ...options.environment, ...formatMarker(marker) };
}

function entryFile({ argv: [, file] }: Parent, entry: string | URL | undefined): string {
  if (entry instanceof URL || entry?.startsWith('file:')) return fileURLToPath(entry);
  if (entry !== undefined) return entry;
  if (file !== undefined) return file;
  throw new PreforkError('no file', 'ERR_PREFORK_NO_ENTRY');
}
