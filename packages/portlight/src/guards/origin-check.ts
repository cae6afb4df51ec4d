import { DEFAULTS } from '../defaults.ts';
import { ForbiddenError } from '../errors/http-error.ts';
import type { LogHolder } from '../log.ts';
import type { HttpRequest } from '../request/http-request.ts';

/** Scheme, host and port, as far as the rest is for a parser of URLs to say. */
const ORIGIN = /^https?:\/\/[^\s/?#@\\]+$/;

/** Stands for the host that was asked for. */
const SELF = 'self';
/** Of an `Origin` field, in characters: as much as a warning shows. */
const MOST_SHOWN = 256;

/**
 * A page of another origin must not act for the user of a browser (RFC 6455 §10.2). Others than browsers send no
 * Origin.
 */
export class OriginCheck {
  readonly #origins: ReadonlySet<string>;
  readonly #log: LogHolder;
  readonly #warned: Set<string> = new Set();

  constructor(origins: readonly string[], log: LogHolder) {
    this.#origins = new Set(origins);
    this.#log = log;
  }

  /** @throws {ForbiddenError} */
  assertAllowed(request: HttpRequest): void {
    const origin = request.header('origin')?.toLowerCase();
    if (origin === undefined || this.#allows(origin, request)) return;
    this.#warn(origin.slice(0, MOST_SHOWN), request);
    throw new ForbiddenError('Pages of this origin may not connect.');
  }

  #allows(origin: string, request: HttpRequest): boolean {
    if (origin !== SELF && this.#origins.has(origin)) return true;
    return this.#origins.has(SELF) && isOwn(origin, request.url);
  }

  /** Once for each origin, as far as they can be remembered: a client may make them up. */
  #warn(origin: string, request: HttpRequest): void {
    if (this.#warned.has(origin) || this.#warned.size >= DEFAULTS.maxWarnedOrigins) return;
    this.#warned.add(origin);
    this.#log.logger.warn(
      { origin, host: request.header('host'), path: request.path, address: request.ip },
      'A page of this origin was refused a WebSocket, and will be; the option websocket.origins names those that may connect.',
    );
  }
}

/**
 * Whether a page is of the host that was asked for. One that came over plain http is not, where the request came over
 * TLS: anybody on the way could have written it. The other way round there is a proxy in between that speaks TLS for
 * us.
 */
function isOwn(origin: string, url: URL): boolean {
  if (!ORIGIN.test(origin) || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  if (page.protocol === 'http:' && url.protocol === 'https:') return false;
  const asked = `${page.protocol}//${url.host}`;
  return URL.canParse(asked) && new URL(asked).origin === page.origin;
}
