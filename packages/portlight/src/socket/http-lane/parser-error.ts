import { BadRequestError, HttpError, PayloadTooLargeError } from '../../errors/http-error.ts';

/** RFC 9112 §3: method, target, version. */
const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ +\S+ +HTTP\/(\d)\.\d\r\n$/;
/** As much of one as may have come when the parser refuses its method. */
const BEGINNING = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?: [^\r\n]*\r?)?$/;

/**
 * What Node's parser refused, as the error it is for the client; `undefined` when the client is gone.
 *
 * @param requestLine of the head that was read, as far as it came
 */
export function toParserError(cause: NodeJS.ErrnoException, requestLine: string): HttpError | undefined {
  const code = cause.code ?? '';
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpError(431, 'The head of the request is too large.', { cause });
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new PayloadTooLargeError('The chunk extensions are too large.', { cause });
  if (code === 'HPE_INVALID_VERSION' && majorOf(requestLine) !== undefined && majorOf(requestLine) !== '1')
    return unknownVersion(cause);
  if (isUnknownMethod(code, requestLine))
    return new HttpError(501, 'This method is not known here.', { cause, expose: true });
  if (code.startsWith('HPE_')) return new BadRequestError('The request is not valid HTTP/1.1.', { cause });
  return undefined;
}

/** RFC 9110 §15.6.6: the major version is another protocol's. */
export function unknownVersion(cause?: Error): HttpError {
  return new HttpError(505, 'This server speaks HTTP/1.1.', { cause, expose: true });
}

/**
 * RFC 9112 §3: a method that is one, but none of those that the parser knows, or one of another protocol that it knows
 * besides.
 */
function isUnknownMethod(code: string, requestLine: string): boolean {
  if (code === 'HPE_INVALID_CONSTANT') return majorOf(requestLine) === '1';
  return code === 'HPE_INVALID_METHOD' && (majorOf(requestLine) !== undefined || BEGINNING.test(requestLine));
}

/** The major version of a whole request line. */
function majorOf(requestLine: string): string | undefined {
  return REQUEST_LINE.exec(requestLine)?.[1];
}
