import * as z from 'zod/mini';
import { guardedOptions } from './guarded-options.ts';
import type { Middleware } from './hooks.ts';
import { parseOptions } from './parse-options.ts';
import type { RouteOptions } from './route-options.ts';

/** How a folder of files is served. */
export interface FilesOptions {
  /** The file that stands for its folder, or `false` for none. @default 'index.html' */
  readonly index?: string | false | undefined;
  /**
   * A file, by its path in the folder, for paths at which there is neither a route nor a file: the page of an app that
   * routes by itself. Only for who names `text/html` in `Accept`. @default undefined
   */
  readonly fallback?: string | undefined;
  /**
   * For how long caches may keep a file unasked, in seconds from 0. @default undefined, which has them ask each time
   */
  readonly maxAgeSeconds?: number | undefined;
  /** Names of files that have a hash of what they hold, and never change: caches may keep these for a year. */
  readonly immutable?: RegExp | undefined;
  /** Whether `file.br` or `file.gz` beside the file is sent to a client that takes it. @default false */
  readonly precompressed?: boolean | undefined;
  /** Whether files and folders whose name begins with a dot are served. @default false */
  readonly dotfiles?: boolean | undefined;
  /**
   * `'inside'`: a link is followed while it leads to somewhere in the folder. `'follow'`: wherever it leads. @default
   * 'inside'
   */
  readonly symlinks?: 'inside' | 'follow' | undefined;
  /** As of a route. */
  readonly use?: readonly Middleware[] | undefined;
  /** As of a route. */
  readonly rateLimit?: RouteOptions['rateLimit'];
}

/** @param folder how it is named in the sentence @throws {ConfigError} on an unknown option or a wrong value */
export function parseFilesOptions(options: unknown, folder: string): FilesOptions {
  const schema = filesOptionsSchema();
  return parseOptions(schema, options, folder, Object.keys(schema.shape));
}

type FilesSchema = z.ZodMiniType<FilesOptions> & { readonly shape: Readonly<Record<keyof FilesOptions, unknown>> };

let filesSchema: FilesSchema | undefined;

function filesOptionsSchema(): FilesSchema {
  if (filesSchema !== undefined) return filesSchema;
  const flag = z.optional(z.boolean({ error: 'true or false' }));
  const seconds = 'a whole number of seconds from 0';
  const isName = (value: unknown): boolean =>
    value === false || (typeof value === 'string' && /^[^/\\\0]+$/.test(value) && !/^\.\.?$/.test(value));
  const isInner = (value: unknown): boolean =>
    typeof value === 'string' && value.split('/').every((segment) => segment !== '' && isName(segment));
  return (filesSchema = z.strictObject({
    index: z.optional(
      z.custom<string | false>(isName, { error: "the name of a file, such as 'index.html', or false" }),
    ),
    fallback: z.optional(
      z.custom<string>(isInner, { error: "the path of a file in the folder, such as 'index.html'" }),
    ),
    maxAgeSeconds: z.optional(z.int({ error: seconds }).check(z.gte(0, { error: seconds }))),
    immutable: z.optional(z.custom<RegExp>((value) => value instanceof RegExp, { error: 'a RegExp' })),
    precompressed: flag,
    dotfiles: flag,
    symlinks: z.optional(z.enum(['inside', 'follow'], { error: "'inside' or 'follow'" })),
    ...guardedOptions(),
  }));
}
