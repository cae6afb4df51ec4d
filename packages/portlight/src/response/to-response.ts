import { fieldControls, type HeaderList } from '../fields/header-list.ts';
import { toBody } from './encode-body.ts';
import { HttpResponse, isForeignResponse, setBody } from './http-response.ts';
import { isDecoded } from './is-decoded.ts';
import { bodyOf, fieldsOf, isStandardResponse, type StandardResponse } from './standard-response.ts';

/**
 * What a handler returned, as a response.
 *
 * A response is copied, so that an app may keep one and return it again and again. Falsy values are values: `''`, `0`,
 * `false` and `null` are sent (as text, and as JSON). Only `undefined` is nothing: 204.
 *
 * @throws {ReplyError} when it cannot be sent
 */
export function toResponse(reply: unknown): HttpResponse {
  if (typeof reply === 'string') return new HttpResponse(reply);
  if (reply === undefined) return new HttpResponse(null, { status: 204 });
  if (reply === null) return HttpResponse.json(null);
  if (typeof reply === 'object') {
    if (reply instanceof HttpResponse) return reply.clone();
    if (isStandardResponse(reply)) return fromStandard(reply);
    if (isForeignResponse(reply)) return copyOf(reply);
  }
  return new HttpResponse(reply);
}

/**
 * A standard `Response` as it is: its body is a stream, which can be sent once. One that `fetch` has decoded is sent
 * so.
 */
function fromStandard(standard: StandardResponse): HttpResponse {
  const response = copyOf({ status: standard.status, headers: fieldsOf(standard), body: bodyOf(standard) });
  if (isDecoded(standard)) for (const name of ['content-encoding', 'content-length']) response.headers.delete(name);
  return response;
}

function copyOf({
  status,
  headers,
  body,
}: {
  readonly status: number;
  readonly headers: Iterable<readonly [string, string]>;
  readonly body: unknown;
}): HttpResponse {
  const response = new HttpResponse(null, { status });
  for (const [name, value] of headers) response.headers.append(name, value);
  setBody(response, toBody(body));
  return response;
}

/** Whether a reply is a response already, rather than a plain value. */
export function isResponse(reply: unknown): boolean {
  return (
    typeof reply === 'object' &&
    reply !== null &&
    (reply instanceof HttpResponse || isStandardResponse(reply) || isForeignResponse(reply))
  );
}

/** Gives a response the defaults it does not set itself. */
export function addDefaults(response: HttpResponse, defaults: HeaderList): void {
  const flat = fieldControls.flat(defaults);
  const { headers } = response;
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] as string;
    if (!headers.has(name)) fieldControls.put(headers, name, flat[index + 1] as string);
  }
}
