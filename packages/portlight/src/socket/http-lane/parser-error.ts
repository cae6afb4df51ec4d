import { BadRequestError, HttpError, PayloadTooLargeError } from '../../errors/http-error.ts';

/** What Node's parser refused, as the error it is for the client; `undefined` when the client is gone. */
export function toParserError(error: NodeJS.ErrnoException): HttpError | undefined {
  const code = error.code ?? '';
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpError(431, 'The head of the request is too large.', { cause: error });
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return new PayloadTooLargeError('The chunk extensions are too large.', { cause: error });
  if (code.startsWith('HPE_')) return new BadRequestError('The request is not valid HTTP/1.1.', { cause: error });
  return undefined;
}
