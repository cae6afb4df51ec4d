import type { IncomingMessage } from 'node:http';
import type { ServerConfig } from '../../config/server-options.ts';
import { BadRequestError, HttpError } from '../../errors/http-error.ts';
import { isHost } from '../../fields/host.ts';

/** What a head says about whether and how the request can be served. */
export interface HeadFacts {
  /** Why it is not served: what node:http lets through and HTTP does not allow, or a limit. */
  readonly refusal: HttpError | undefined;
  readonly hasBody: boolean;
  /** What Content-Length says; `undefined` where there is none. */
  readonly declaredBytes: number | undefined;
  /** The client sends its body only when it is told to go on (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean;
  /**
   * The client offers another protocol, which is declined by an ordinary answer (RFC 9110 §7.8). Node's parser drops what came
   * behind such a head, so that nothing can follow it on the connection.
   */
  readonly asksForUpgrade: boolean;
}

/** Looks at every field once. What llhttp refuses by itself never gets here. */
export function inspectHead(message: IncomingMessage, config: ServerConfig): HeadFacts {
  const { rawHeaders } = message;
  let hosts = 0;
  let host: string | undefined;
  let declared: string | undefined;
  const codings: string[] = [];
  let expectation: string | undefined;
  let asksForUpgrade = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') {
      hosts += 1;
      host = rawHeaders[index + 1];
    } else if (name.length === 14 && name.toLowerCase() === 'content-length') declared = rawHeaders[index + 1];
    else if (name.length === 6 && message.httpVersion === '1.1' && name.toLowerCase() === 'expect') expectation = rawHeaders[index + 1]?.toLowerCase();
    else if (name.length === 7 && name.toLowerCase() === 'upgrade') asksForUpgrade = true;
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') codings.push(rawHeaders[index + 1] as string);
  }
  const declaredBytes = declared === undefined ? undefined : Number(declared);
  const refusal =
    refuseVersion(message) ??
    refuseSize(message, config) ??
    refuseHost(message, hosts, host) ??
    refuseCoding(message, codings) ??
    refuseExpectation(expectation);
  const hasBody = codings.length > 0 || (declaredBytes ?? 0) > 0;
  return { refusal, hasBody, declaredBytes, expectsContinue: hasBody && expectation === CONTINUE, asksForUpgrade };
}

const CONTINUE = '100-continue';

/** RFC 9112 §2.3: what is neither 1.0 nor 1.1 is another protocol. */
function refuseVersion({ httpVersion }: IncomingMessage): HttpError | undefined {
  if (httpVersion === '1.1' || httpVersion === '1.0') return undefined;
  return new HttpError(505, 'This server speaks HTTP/1.1.', { expose: true });
}

function refuseSize({ rawHeaders, url = '' }: IncomingMessage, { maxHeaderLines, maxUrlBytes }: ServerConfig): HttpError | undefined {
  if (url.length > maxUrlBytes) return new HttpError(414, `The request target is longer than ${maxUrlBytes} bytes.`);
  if (rawHeaders.length > 2 * maxHeaderLines) return new HttpError(431, `The head has more than ${maxHeaderLines} header lines.`);
  return undefined;
}

/** RFC 9112 §3.2: exactly one Host with a valid value; HTTP/1.0 may have none. */
function refuseHost({ httpVersion }: IncomingMessage, count: number, host: string | undefined): HttpError | undefined {
  if (count === 0 && httpVersion === '1.0') return undefined;
  if (count === 1 && host !== undefined && isHost(host)) return undefined;
  return new BadRequestError(count === 1 ? 'The Host field holds no host.' : 'A request has exactly one Host field.');
}

/** RFC 9112 §6.1 and §6.3: the one coding that is read here, once; HTTP/1.0 knows none. */
function refuseCoding({ httpVersion }: IncomingMessage, codings: readonly string[]): HttpError | undefined {
  if (codings.length === 0) return undefined;
  if (codings.length === 1 && codings[0]?.toLowerCase() === 'chunked' && httpVersion === '1.1') return undefined;
  return new BadRequestError('Of Transfer-Encoding, nothing but "chunked" is read here, once and in HTTP/1.1.');
}

function refuseExpectation(expectation: string | undefined): HttpError | undefined {
  if (expectation === undefined || expectation === CONTINUE) return undefined;
  return new HttpError(417, `Nothing is known here of the expectation ${JSON.stringify(expectation)}.`);
}
