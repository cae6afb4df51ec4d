import * as z from 'zod/mini';
import type { Middleware } from './hooks.ts';
import type { RouteOptions } from './route-options.ts';

type Optional<Name extends keyof RouteOptions> = z.ZodMiniOptional<z.ZodMiniType<NonNullable<RouteOptions[Name]>>>;

interface GuardedShape {
  readonly use: Optional<'use'>;
  readonly rateLimit: Optional<'rateLimit'>;
}

/** What routes and folders of files have in common: who stands in front of them. */
export function guardedOptions(): GuardedShape {
  const isMiddleware = (value: unknown): boolean => typeof value === 'function' && value.length <= 2;
  return {
    use: z.optional(
      z.array(z.custom<Middleware>(isMiddleware, { error: 'a function of the request and next' }), {
        error: 'an array of middleware',
      }),
    ),
    // Looked at by `createRateLimits`, which says more.
    rateLimit: z.optional(
      z.custom<NonNullable<RouteOptions['rateLimit']>>(
        (value) => value === false || (typeof value === 'object' && value !== null),
        {
          error: 'an object with max and windowSeconds, an array of them, or false',
        },
      ),
    ),
  };
}
