import type { HttpRequest } from 'portlight';

/** A request of whatever route. */
export type AnyRequest = Pick<
  HttpRequest,
  'method' | 'path' | 'url' | 'headers' | 'cookies' | 'ip' | 'trailers' | 'signal'
> & { readonly query: unknown; readonly params: unknown };

/** What an app saw of one request. */
export interface Sight {
  readonly method: string;
  readonly path: string;
  readonly query: unknown;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly cookies: unknown;
  readonly params: unknown;
  readonly ip: string;
  readonly trailers: readonly (readonly [string, string])[];
  /** What its handler read of the body, if it read it. */
  readonly body: unknown;
  /** The code of the reason for which nobody waited any more. */
  readonly aborted: string | undefined;
}

interface Entry {
  readonly request: AnyRequest;
  body: unknown;
}

/** Keeps the requests that the app of one server was given, in the order they came. */
export class Journal {
  #entries: Entry[] = [];
  readonly #watchers: (() => void)[] = [];

  /**
   * Notes a request. Looks at nothing of it before the end, so that what is made when it is asked for is not made too
   * early.
   */
  note(request: AnyRequest, body?: unknown): void {
    const known = this.#entries.find((entry) => entry.request === request);
    if (known !== undefined) known.body ??= body;
    else this.#entries.push({ request, body });
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  /** Resolves when so many requests were noted. */
  async reached(count: number): Promise<void> {
    while (this.#entries.length < count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  /** All that was noted, and forgets it. */
  take(): readonly Sight[] {
    const sights = this.#entries.map(toSight);
    this.forget();
    return sights;
  }

  forget(): void {
    this.#entries = [];
  }
}

function toSight({ request, body }: Entry): Sight {
  const { method, path, query, headers, cookies, params, ip, trailers, signal } = request;
  return {
    method,
    path,
    query,
    cookies,
    params,
    ip,
    body,
    url: hrefOf(request),
    headers: [...headers],
    trailers: [...trailers],
    aborted: signal.aborted ? ((signal.reason as { code?: string }).code ?? String(signal.reason)) : undefined,
  };
}

/** A request that was refused for its Host has no URL. */
function hrefOf(request: AnyRequest): string {
  try {
    return request.url.href;
  } catch (error) {
    return (error as Error).message;
  }
}
