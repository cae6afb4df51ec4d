import { ConfigError } from './errors/config-error.ts';
import { ignoreRejection } from './errors/ignore-rejection.ts';
import { asError } from './errors/thrown-value.ts';
import { formatLine } from './log-line.ts';

/**
 * Where Portlight tells what happens: any logger of the shape of pino.
 *
 * The first argument holds fields, `err` among them where something failed; the second is one sentence.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

/** Readable lines on stderr, for levels from `lowest` up. */
export function createStderrLogger(lowest: Level): Logger {
  const writes = (level: Level) => LEVELS.indexOf(level) >= LEVELS.indexOf(lowest);
  const at = (level: Level) => (fields: object, message: string) => {
    if (writes(level)) writeToStderr(formatLine(level, fields, message));
  };
  return withoutThrowing({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') });
}

/** As Node's console does: whoever reads stderr may be gone (EPIPE), which is no reason to end. */
function writeToStderr(line: string): void {
  process.stderr.write(line, (error) => {
    // The callback is told first, and then whoever listens; where nobody does, the process ends.
    if (error instanceof Error && process.stderr.listenerCount('error') === 0) process.stderr.once('error', () => {});
  });
}

/** Says nothing. */
const SILENT_LOGGER: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The logger in use. `debug()` may change it at any time, so it is read anew for each line. */
export interface LogHolder {
  logger: Logger;
  /** Whether lines of level debug are wanted; nothing is put together for them otherwise. */
  verbose: boolean;
}

/**
 * What `debug` was given, as a logger.
 *
 * @throws {ConfigError} when it is neither a boolean nor a logger
 */
export function parseLogger(to: unknown): Logger {
  if (to === true) return createStderrLogger('debug');
  if (to === false) return SILENT_LOGGER;
  const methods = LEVELS.filter((level) => typeof (to as Partial<Logger> | null)?.[level] !== 'function');
  if (methods.length === 0) return withoutThrowing(to as Logger);
  throw new ConfigError(`debug takes a boolean or a logger; what it got has no ${methods.join(', ')}.`);
}

/** The logger, with these fields in each line. */
export function withFields(logger: Logger, own: object): Logger {
  const at = (level: Level) => (fields: object, message: string) => logger[level]({ ...own, ...fields }, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A logger that fails, at once or later, must not fail what it is told of. */
function withoutThrowing(logger: Logger): Logger {
  const at = (level: Level) => (fields: object, message: string) => {
    try {
      ignoreRejection(logger[level]('err' in fields ? { ...fields, err: asError(fields.err) } : fields, message));
    } catch {
      // There is nowhere left to say it.
    }
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
