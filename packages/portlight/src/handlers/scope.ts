import type { ErrorHandler, ErrorStatus, FinishObserver, Middleware, ResponseInterceptor } from '../config/hooks.ts';
import { HeaderList } from '../fields/header-list.ts';
import type { RouteRateLimit } from '../config/rate-limit-options.ts';
import type { RoutePattern } from '../routing/pattern.ts';

/** Middleware as it was registered: for all routes of its scope, or for what one pattern matches. */
export interface ScopedMiddleware {
  readonly pattern: RoutePattern | undefined;
  readonly middleware: Middleware;
}

/** What one router holds for its own routes. Scopes are nested as the routers are mounted. */
export class Scope {
  readonly parent: Scope | undefined;
  /** The path in front of every pattern of the scope, those of its parents included; empty at the root. */
  readonly prefix: string;
  readonly middleware: ScopedMiddleware[] = [];
  readonly errorHandlers: Map<ErrorStatus | 'any', ErrorHandler> = new Map();
  readonly interceptors: ResponseInterceptor[] = [];
  readonly observers: FinishObserver[] = [];
  readonly headers: HeaderList = new HeaderList();
  /** Of all its routes together, in place of those of the scopes around it. */
  readonly rateLimits: RouteRateLimit[] = [];

  constructor(parent?: Scope, prefix = '') {
    this.parent = parent;
    this.prefix = prefix;
  }

  /** From the root to this scope. */
  get chain(): readonly Scope[] {
    return this.parent === undefined ? [this] : [...this.parent.chain, this];
  }

  /** This scope's contents under another parent, as `mount` needs them: a router may be mounted more than once. */
  under(parent: Scope, prefix: string): Scope {
    const copy = new Scope(parent, prefix);
    copy.middleware.push(...this.middleware);
    for (const [status, handler] of this.errorHandlers) copy.errorHandlers.set(status, handler);
    copy.interceptors.push(...this.interceptors);
    copy.observers.push(...this.observers);
    for (const [name, value] of this.headers) copy.headers.append(name, value);
    copy.rateLimits.push(...this.rateLimits);
    return copy;
  }
}
