import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as z from 'zod/mini';
import type { FormLimits } from '../request/form-limits.ts';
import { guardedOptions } from './guarded-options.ts';
import type { Middleware } from './hooks.ts';
import { parseOptions } from './parse-options.ts';
import type { RouteRateLimit } from './rate-limit-options.ts';

/** Options of one route. Schemas are those of any library that speaks Standard Schema: zod, valibot, arktype. */
export interface RouteOptions {
  /** For the parameters, as text; what it refuses is answered 400. `request.params` is its output. */
  readonly params?: StandardSchemaV1 | undefined;
  /** For the query. `request.query` is its output. */
  readonly query?: StandardSchemaV1 | undefined;
  /** For the header fields, a record with names in lower case. They are checked; `request.headers` stays. */
  readonly headers?: StandardSchemaV1 | undefined;
  /**
   * For the body: JSON, a form or text, by Content-Type; another type is answered 415. `request.body` is its output.
   */
  readonly body?: StandardSchemaV1 | undefined;
  /** For the plain value a handler returns; its output is sent. What it refuses is answered 500 and reported. */
  readonly response?: StandardSchemaV1 | undefined;
  /**
   * For the messages of a WebSocket route, as JSON; handlers get its output. What it refuses closes the channel with
   * 1007, unless there is an `error` handler.
   */
  readonly message?: StandardSchemaV1 | undefined;
  /** Middleware of this route alone, inside that of its router. */
  readonly use?: readonly Middleware[] | undefined;
  /** Largest body, in bytes. @default the server's */
  readonly maxBodyBytes?: number | undefined;
  /**
   * How much of a form is taken in, by the `body` schema and by `request.formData()` where it is not told otherwise.
   */
  readonly formLimits?: FormLimits | undefined;
  /**
   * Longest time for head and body of a request together, in ms, 1 to 86,400,000, at any speed of the client; then 408.
   * For a route that takes large uploads, or none. @default the server's
   */
  readonly requestTimeoutMs?: number | undefined;
  /** Longest time for the handler and its middleware, in ms; `0`: no limit. @default the server's */
  readonly handlerTimeoutMs?: number | undefined;
  /**
   * Limits of this route in place of the server's, counted for it alone; several have different names. `false`: none.
   * @default the server's
   */
  readonly rateLimit?: RouteRateLimit | readonly RouteRateLimit[] | false | undefined;
  /** Whether only connected clients get further. @default the server's */
  readonly connectionRequired?: boolean | undefined;
  /** One line about the route, kept for OpenAPI. */
  readonly summary?: string | undefined;
  /** More about the route, kept for OpenAPI. */
  readonly description?: string | undefined;
  /** Kept for OpenAPI. */
  readonly tags?: readonly string[] | undefined;
}

/** @param route how the route is named in the sentence @throws {ConfigError} on an unknown option or a wrong value */
export function parseRouteOptions(options: unknown, route: string): RouteOptions {
  return parseOptions(routeOptionsSchema(), options, `the route ${route}`);
}

const A_DAY = 'a whole number of milliseconds from 1 to 86,400,000';

let schema: z.ZodMiniType<RouteOptions> | undefined;

function routeOptionsSchema(): z.ZodMiniType<RouteOptions> {
  if (schema !== undefined) return schema;
  const standard = z.optional(
    z.custom<StandardSchemaV1>(isStandardSchema, { error: 'a Standard Schema, as zod makes them' }),
  );
  const whole = (error: string) => z.optional(z.int({ error }).check(z.gte(0, { error })));
  const text = z.optional(z.string({ error: 'a string' }));
  return (schema = z.strictObject({
    params: standard,
    query: standard,
    headers: standard,
    body: standard,
    response: standard,
    message: standard,
    ...guardedOptions(),
    maxBodyBytes: whole('a whole number of bytes'),
    formLimits: z.optional(
      z.strictObject(
        {
          maxFields: whole('a whole number'),
          maxFiles: whole('a whole number'),
          maxFieldBytes: whole('a whole number of bytes'),
          maxFileBytes: whole('a whole number of bytes'),
          memoryBytes: whole('a whole number of bytes'),
        },
        { error: 'an object of limits' },
      ),
    ),
    requestTimeoutMs: z.optional(
      z.int({ error: A_DAY }).check(z.gte(1, { error: A_DAY }), z.lte(86_400_000, { error: A_DAY })),
    ),
    handlerTimeoutMs: whole('a whole number of milliseconds'),
    connectionRequired: z.optional(z.boolean({ error: 'true or false' })),
    summary: text,
    description: text,
    tags: z.optional(z.array(z.string({ error: 'a string' }), { error: 'an array of strings' })),
  }) satisfies z.ZodMiniType<RouteOptions>);
}

function isStandardSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value))
    return false;
  const standard = value['~standard'] as Partial<StandardSchemaV1.Props> | null;
  return typeof standard?.validate === 'function';
}
