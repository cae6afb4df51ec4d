import type { StandardResponse } from './standard-response.ts';

/** What every `fetch` of Node decodes by itself. */
const CODINGS: ReadonlySet<string> = new Set(['gzip', 'x-gzip', 'deflate', 'br']);
/** From this version on, the fetch of Node decodes zstd as well. */
const ZSTD_SINCE = 7;

/**
 * Whether a `Response` came from a `fetch` that has decoded its body (Fetch §4.6, "handle content codings"), and still
 * says how it was coded: then neither its `Content-Encoding` nor its `Content-Length` is true of the bytes.
 */
export function isDecoded({ url, body, headers }: StandardResponse): boolean {
  const codings = headers.get('content-encoding');
  if (url === undefined || url === '' || body === null || codings === null) return false;
  return codings.split(',').every((coding) => isDecodable(coding.trim().toLowerCase()));
}

function isDecodable(coding: string): boolean {
  return (
    CODINGS.has(coding) || (coding === 'zstd' && Number.parseInt(process.versions['undici'] ?? '0', 10) >= ZSTD_SINCE)
  );
}
