import { UnsupportedMediaTypeError } from '../errors/http-error.ts';
import { type ContentType, parseContentType } from '../fields/content-type.ts';

/** Where header fields can be asked for. */
interface Head {
  header(name: string): string | undefined;
}

/** UTF-8 and what is a part of it. */
const UTF8_NAMES: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii']);

/** The content type of the body, or `undefined` where there is none or it is malformed. */
export function contentTypeOf(head: Head): ContentType | undefined {
  const field = head.header('content-type');
  return field === undefined ? undefined : parseContentType(field);
}

/** @throws {UnsupportedMediaTypeError} when the body is compressed or in another charset than UTF-8 */
export function assertReadable(head: Head): void {
  const encoding = head.header('content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new UnsupportedMediaTypeError(`Bodies with Content-Encoding ${JSON.stringify(encoding)} are not read here.`);
  }
  const charset = contentTypeOf(head)?.parameters['charset']?.toLowerCase();
  if (charset !== undefined && !UTF8_NAMES.has(charset)) {
    throw new UnsupportedMediaTypeError(
      `Bodies in the charset ${JSON.stringify(charset)} are not read here, only UTF-8.`,
    );
  }
}
