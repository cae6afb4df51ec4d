import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PreforkError } from '../prefork-error.ts';
import { inheritedArgs, inheritedNodeOptions, isEvaluated } from './inherited-options.ts';

/** What a child is started with. */
export interface ChildCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Of Node. */
  readonly execArgv: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

export interface CommandOptions {
  /** The file that children run. @default the one that this process runs */
  readonly entry?: string | URL | undefined;
  /** Of the command line, after the file. @default those of this process */
  readonly args?: readonly string[] | undefined;
  /** Added to the environment of this process; `undefined` takes a variable out. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The process whose file children are started from. */
export type Parent = Pick<NodeJS.Process, 'argv' | 'execArgv' | 'env'>;

/**
 * The command of a process, for its children.
 *
 * @throws {PreforkError} where it was started from no file, and none is given
 */
export function childCommand(parent: Parent, { entry, args, environment }: CommandOptions): ChildCommand {
  const variables = { ...parent.env, ...environment };
  // Node's watcher has it told of every file that is loaded, by who started the process: here, by this one.
  delete variables['WATCH_REPORT_DEPENDENCIES'];
  const nodeOptions = variables['NODE_OPTIONS'];
  if (nodeOptions !== undefined) variables['NODE_OPTIONS'] = inheritedNodeOptions(nodeOptions);
  return {
    file: entry === undefined ? ownFile(parent) : entryFile(entry),
    args: args ?? parent.argv.slice(2),
    execArgv: inheritedArgs(parent.execArgv),
    environment: variables,
  };
}

function entryFile(entry: string | URL): string {
  return entry instanceof URL || entry.startsWith('file:') ? fileURLToPath(entry) : resolve(entry);
}

function ownFile({ argv: [, file], execArgv }: Parent): string {
  if (file !== undefined && file !== '-' && !isEvaluated(execArgv)) return file;
  throw new PreforkError(
    'Children are started from the file of the app, and this process was started from none (node -e, standard input ' +
      'or the REPL). Put the app into a file, or give its path as the option entry.',
    'ERR_PREFORK_NO_ENTRY',
  );
}
