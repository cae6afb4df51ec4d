import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { LogHolder } from '../log.ts';

/**
 * A program that lives longer than this after it made its server is about something else, parents of other processes
 * for example.
 */
const SOON_MS = 1_000;
/** A benchmark may make any number of them. */
const MOST_SERVERS = 8;

/** A server that nothing was asked of yet. */
export interface IdleServer {
  /** Whether there is something to serve, and nobody else took it over. */
  isComplete(): boolean;
  readonly log: LogHolder;
}

const idle = new Set<IdleServer>();
let isListening = false;

/**
 * Says so when the program ends and its server, which has routes, was never started and never asked. Only for a server
 * that the file makes that Node was started with, when the program ends by itself, soon and well: a module that makes
 * an app for others to import, a test, a worker and a script that fails hear nothing.
 *
 * @param entry the class that the app calls
 */
export function expectStart(server: IdleServer, entry: abstract new (...args: never[]) => unknown): void {
  if (
    idle.size >= MOST_SERVERS ||
    !isMainThread ||
    process.env['NODE_TEST_CONTEXT'] !== undefined ||
    callerOf(entry) !== mainFile()
  )
    return;
  idle.add(server);
  setTimeout(() => idle.delete(server), SOON_MS).unref();
  if (isListening) return;
  isListening = true;
  process.once('beforeExit', (code) => {
    if (code !== 0) return;
    for (const server of idle) {
      if (!server.isComplete()) continue;
      server.log.logger.warn({}, 'The program ends, and its server was never started; write await server.run().');
    }
  });
}

/** The server was started, asked, or stopped: whoever did it knows what to do with it. */
export function forgetStart(server: IdleServer): void {
  idle.delete(server);
}

/** The file that Node was started with. `undefined` for code of a command line. */
function mainFile(): string | undefined {
  const [, path] = process.argv;
  try {
    return path === undefined ? undefined : realpathSync(path);
  } catch {
    return undefined;
  }
}

/** The file that called `entry`; by the name that no source map has changed. */
function callerOf(entry: abstract new (...args: never[]) => unknown): string | null {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  const probe: { stack?: unknown } = {};
  try {
    Error.prepareStackTrace = (_error, sites) => sites[0]?.getFileName() ?? null;
    Error.captureStackTrace(probe, entry);
    const name = probe.stack;
    if (typeof name !== 'string') return null;
    return name.startsWith('file:') ? fileURLToPath(name) : name;
  } catch {
    return null;
  } finally {
    if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', before);
  }
}
