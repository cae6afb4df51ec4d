import type { HttpError } from '../errors/http-error.ts';
import type { MediaTypes } from '../fields/media-type.ts';
import type { BodySource } from './body-source.ts';
import type { HttpRequest } from './http-request.ts';
import type { TrustCheck } from './origin.ts';

/** What a lane hands over for one request: all that the core learns of it. */
export interface RequestSource {
  readonly method: string;
  /** The request target as it was sent (RFC 9112 §3.2). */
  readonly target: string;
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[];
  /** The trailer fields of the body, as they came; empty until its end came. */
  readonly rawTrailers: readonly string[];
  readonly address: string;
  readonly port: number;
  /** Whether the client speaks TLS with us. */
  readonly secure: boolean;
  /** `undefined` when the request has no body. */
  readonly body: BodySource | undefined;
  readonly raw: unknown;
  /** Whether the client asks to speak WebSocket from here on, and the path has a route for that. */
  readonly isUpgrade: boolean;
  /** Why the lane does not want the request served, whatever its target. */
  readonly refusal: HttpError | undefined;
}

/** What a server says to its requests. */
export interface RequestRules {
  /** Which peers are proxies whose word is taken; without it none is. */
  readonly trusts: TrustCheck | undefined;
  /** Tells one client from others; without it, the address does. */
  readonly identify: ((request: HttpRequest) => string) | undefined;
  /** The field whose value is the id of a request, in lower case; without it, none is. */
  readonly idHeader: string | undefined;
  /** Of files that are sent, before those that are known. */
  readonly mediaTypes: MediaTypes | undefined;
}
