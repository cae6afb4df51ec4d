import { ReplyError } from '../errors/reply-error.ts';

/** How a file is found and sent. */
export interface FileOptions {
  /**
   * The folder the path stays in, whatever it says. Without it the path is taken as it is: then no part of it may come
   * from a client.
   */
  readonly root?: string;
  /** Whether files and folders whose name begins with a dot are sent. @default false */
  readonly dotFiles?: boolean | undefined;
  /**
   * `'inside'`: a link is followed while it leads to somewhere in `root`. `'follow'`: wherever it leads. @default
   * 'inside'
   */
  readonly symlinks?: 'inside' | 'follow' | undefined;
  /** Whether `file.br` or `file.gz` beside the file is sent to a client that takes it. @default false */
  readonly precompressed?: boolean | undefined;
  /** Makes a browser save the file: under this name, or its own for `true`. @default false */
  readonly download?: string | boolean | undefined;
}

/** What each option may be, and how a sentence says so. */
const CHECKS: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  root: [(value) => typeof value === 'string' && value !== '', 'a path'],
  dotFiles: [isFlag, 'true or false'],
  symlinks: [(value) => value === undefined || value === 'inside' || value === 'follow', "'inside' or 'follow'"],
  precompressed: [isFlag, 'true or false'],
  download: [(value) => isFlag(value) || typeof value === 'string', 'a name, true or false'],
  status: [() => true, ''],
  headers: [() => true, ''],
};

/**
 * The body of `HttpResponse.file`: a file that is looked for when there is a request to answer with it. Until then
 * there is nothing to read.
 */
export class FileBody {
  /** A path, or its segments as a wildcard captured them. */
  readonly path: string | readonly string[];
  readonly options: FileOptions;

  /** @throws {ReplyError} on an option that would not protect what it seems to protect */
  constructor(path: string | readonly string[], options: FileOptions) {
    assertOptions(path, options);
    this.path = path;
    this.options = options;
  }

  /** Fails when it is read: which bytes these are depends on a request. */
  get stream(): ReadableStream<Uint8Array> {
    const early = new TypeError('A file response is read when it is sent, not before.');
    return new ReadableStream({ pull: (controller) => controller.error(early) }, { highWaterMark: 0 });
  }
}

function assertOptions(path: unknown, options: FileOptions): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
    if (check === undefined) throw new ReplyError(`A file response has no option ${JSON.stringify(name)}.`);
    if (!check[0](value))
      throw new ReplyError(
        `The option ${name} of a file response must be ${check[1]}, not ${JSON.stringify(value) ?? 'undefined'}.`,
      );
  }
  if (typeof path === 'string') return;
  if (!Array.isArray(path) || !path.every((segment) => typeof segment === 'string'))
    throw new ReplyError('A file response needs a path or the segments of one.');
  if (options.root === undefined)
    throw new ReplyError('The segments of a wildcard come from a client: a file response for them needs a root.');
}

function isFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}
