import { HttpError } from '../errors/http-error.ts';
import { bringsBody } from '../request/body-source.ts';
import type { RequestSource } from '../request/request-source.ts';
import { WebBody } from './web-body.ts';

/** The request target of a text. A lone surrogate becomes U+FFFD, as in any URL. */
export function toTarget(text: string): string {
  return text.replace(/[^!-~]+/g, (piece) => encodeURIComponent(Buffer.from(piece).toString()));
}

/**
 * A standard request as a lane hands one over, from this machine.
 *
 * @param needsNode whether it is for who answers only what node:http brings
 */
export function toSource(
  standard: Request,
  url: URL,
  target: string,
  { isUpgrade, needsNode }: { readonly isUpgrade: boolean; readonly needsNode: boolean },
): RequestSource {
  const host = standard.headers.has('host') ? [] : ['host', url.host];
  const rawHeaders = [...host, ...[...standard.headers].flat()];
  const length = standard.headers.get('content-length');
  const declaredBytes = length === null ? undefined : Number(length);
  const body = standard.body !== null && bringsBody(declaredBytes, length === null) ? standard.body : undefined;
  return {
    method: standard.method,
    target,
    rawHeaders,
    rawTrailers: [],
    address: '127.0.0.1',
    port: 0,
    secure: url.protocol === 'https:',
    body: body && new WebBody(body, declaredBytes),
    raw: undefined,
    isUpgrade,
    refusal: needsNode ? new HttpError(501, 'This path is served on a port only.', { expose: true }) : undefined,
  };
}
