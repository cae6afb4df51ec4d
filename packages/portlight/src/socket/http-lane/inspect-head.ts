import type { IncomingMessage } from 'node:http';
import type { ServerConfig } from '../../config/server-options.ts';
import { BadRequestError, HttpError } from '../../errors/http-error.ts';
import { isToken } from '../../fields/header-syntax.ts';
import { isHost } from '../../fields/host.ts';
import { bringsBody } from '../../request/body-source.ts';
import { unknownVersion } from './parser-error.ts';

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
   * The client offers another protocol, which is declined by an ordinary answer (RFC 9110 §7.8). Node's parser drops
   * what came behind such a head, so that nothing can follow it on the connection.
   */
  readonly asksForUpgrade: boolean;
  /** Beside "keep-alive", llhttp overlooks it in HTTP/1.0 (RFC 9112 §9.3). */
  readonly asksToClose: boolean;
}

/**
 * Looks at every field once. What llhttp refuses by itself never gets here.
 *
 * @param requestLine as it came, where that is known
 */
export function inspectHead(message: IncomingMessage, config: ServerConfig, requestLine?: string): HeadFacts {
  const { rawHeaders } = message;
  let hosts = 0;
  let host: string | undefined;
  let declared: string | undefined;
  const codings: string[] = [];
  const expectations: string[] = [];
  let asksForUpgrade = false;
  let asksToClose = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') {
      hosts += 1;
      host = rawHeaders[index + 1];
    } else if (name.length === 14 && name.toLowerCase() === 'content-length') declared = rawHeaders[index + 1];
    else if (name.length === 6 && message.httpVersion === '1.1' && name.toLowerCase() === 'expect')
      expectations.push(...listOf(rawHeaders[index + 1] as string));
    else if (name.length === 10 && message.httpVersion === '1.0' && name.toLowerCase() === 'connection')
      asksToClose ||= listOf(rawHeaders[index + 1] as string).includes('close');
    else if (name.length === 7 && name.toLowerCase() === 'upgrade') asksForUpgrade = true;
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding')
      codings.push(rawHeaders[index + 1] as string);
  }
  const declaredBytes = declared === undefined ? undefined : Number(declared);
  const refusal =
    refuseVersion(message, requestLine) ??
    refuseSize(message, config) ??
    refuseHost(message, hosts, host) ??
    refuseCoding(message, codings) ??
    refuseExpectation(expectations);
  const hasBody = bringsBody(declaredBytes, codings.length > 0);
  return {
    refusal,
    hasBody,
    declaredBytes,
    expectsContinue: hasBody && expectations.length > 0,
    asksForUpgrade,
    asksToClose,
  };
}

const CONTINUE = '100-continue';

/**
 * RFC 9112 §2.3: what is neither 1.0 nor 1.1 is another protocol; a line without a version, which llhttp takes for
 * HTTP/0.9, is no request line.
 */
function refuseVersion({ httpVersion }: IncomingMessage, requestLine: string | undefined): HttpError | undefined {
  if (httpVersion === '1.1' || httpVersion === '1.0') return undefined;
  if (httpVersion === '0.9' && requestLine?.includes('HTTP/') !== true)
    return new BadRequestError('The request line names no version.');
  return unknownVersion();
}

function refuseSize(
  { rawHeaders, url = '' }: IncomingMessage,
  { maxHeaderLines, maxUrlBytes }: ServerConfig,
): HttpError | undefined {
  if (url.length > maxUrlBytes) return new HttpError(414, `The request target is longer than ${maxUrlBytes} bytes.`);
  if (rawHeaders.length > 2 * maxHeaderLines)
    return new HttpError(431, `The head has more than ${maxHeaderLines} header lines.`);
  return undefined;
}

/** RFC 9112 §3.2: exactly one Host with a valid value; HTTP/1.0 may have none. */
function refuseHost({ httpVersion }: IncomingMessage, count: number, host: string | undefined): HttpError | undefined {
  if (count === 0 && httpVersion === '1.0') return undefined;
  if (count === 1 && host !== undefined && isHost(host)) return undefined;
  return new BadRequestError(count === 1 ? 'The Host field holds no host.' : 'A request has exactly one Host field.');
}

/**
 * RFC 9112 §6.1 and §6.3: chunks, once and last, in HTTP/1.1. Where they are last, the end of the message is known, and
 * another coding before them is one that is not implemented; everything else leaves the end in doubt.
 */
function refuseCoding({ httpVersion }: IncomingMessage, fields: readonly string[]): HttpError | undefined {
  if (fields.length === 0) return undefined;
  const codings = fields
    .join()
    .split(',')
    .map((coding) => coding.trim().toLowerCase());
  const others = codings.slice(0, -1);
  if (
    codings.at(-1) !== 'chunked' ||
    httpVersion !== '1.1' ||
    !others.every((coding) => isCoding(coding) && coding !== 'chunked')
  ) {
    return new BadRequestError(
      'The end of the body is in doubt: of Transfer-Encoding, "chunked" is read here, once and last and in HTTP/1.1.',
    );
  }
  return others.length === 0
    ? undefined
    : new HttpError(501, 'Of Transfer-Encoding, nothing but "chunked" is read here.', { expose: true });
}

/**
 * transfer-coding = token *( OWS ";" OWS transfer-parameter ) (RFC 9112 §7); parameters in quotes are in nobody's use.
 */
function isCoding(coding: string): boolean {
  return coding.split(';').every((part) =>
    part
      .trim()
      .split('=', 2)
      .every((word) => isToken(word.trim())),
  );
}

function refuseExpectation(expectations: readonly string[]): HttpError | undefined {
  const unknown = expectations.find((expectation) => expectation !== CONTINUE);
  return unknown === undefined
    ? undefined
    : new HttpError(417, `Nothing is known here of the expectation ${JSON.stringify(unknown)}.`);
}

/**
 * The members of a list in lower case; empty ones count for nothing (RFC 9110 §5.6.1.2), but where there is no other.
 */
function listOf(field: string): string[] {
  const members = field
    .toLowerCase()
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  return members.length === 0 ? [''] : members;
}
