import { ReplyError } from '../errors/reply-error.ts';

/**
 * A `Response` of the Fetch standard as far as it is read here, of whatever implementation: undici's, node-fetch's, a
 * polyfill's.
 */
export interface StandardResponse {
  readonly status: number;
  /** Where it came from; empty for one that the app made. */
  readonly url?: string;
  readonly headers: Iterable<[string, string]> & {
    get(name: string): string | null;
    getSetCookie?(): string[];
    raw?(): Record<string, string[]>;
  };
  readonly body?: unknown;
  readonly bodyUsed?: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** By its shape: a class tells of one implementation in one realm only. */
export function isStandardResponse(value: object): value is StandardResponse {
  if (value instanceof Response) return true;
  if (!(
    'status' in value &&
    typeof value.status === 'number' &&
    'headers' in value &&
    'arrayBuffer' in value &&
    typeof value.arrayBuffer === 'function'
  ))
    return false;
  const { headers } = value;
  return (
    typeof headers === 'object' &&
    headers !== null &&
    Symbol.iterator in headers &&
    'get' in headers &&
    typeof headers.get === 'function'
  );
}

/** The fields, each cookie on its own: some implementations join them, and a joined one cannot be taken apart again. */
export function fieldsOf({ headers }: StandardResponse): readonly (readonly [string, string])[] {
  const cookies =
    typeof headers.getSetCookie === 'function'
      ? headers.getSetCookie()
      : typeof headers.raw === 'function'
        ? headers.raw()['set-cookie']
        : undefined;
  if (cookies === undefined) return [...headers];
  const others = [...headers].filter(([name]) => name.toLowerCase() !== 'set-cookie');
  return [...others, ...cookies.map((cookie) => ['set-cookie', cookie] as const)];
}

/** The body, as it comes. @throws {ReplyError} when it was read already */
export function bodyOf(response: StandardResponse): unknown {
  if (response.bodyUsed === true) throw new ReplyError('The body of the returned Response was already read.');
  const { body } = response;
  return typeof body === 'object' ? body : wholeOf(response);
}

/** Of implementations that do not show their body as a stream. */
async function* wholeOf(response: StandardResponse): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(await response.arrayBuffer());
}
