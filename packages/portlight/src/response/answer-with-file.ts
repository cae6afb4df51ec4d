import { basename } from 'node:path';
import { HttpError, NotFoundError } from '../errors/http-error.ts';
import { formatAttachment } from '../fields/content-disposition.ts';
import { matchesStrongly, matchesWeakly } from '../fields/entity-tag.ts';
import { formatHttpDate, parseHttpDate } from '../fields/http-date.ts';
import { MEDIA_TYPES, type MediaTypes, mediaTypeOf } from '../fields/media-type.ts';
import { type ByteRange, parseRange } from '../fields/range.ts';
import type { FileBody, FileOptions } from './file-body.ts';
import { FileChunks } from './file-chunks.ts';
import { type HttpResponse, setBody } from './http-response.ts';
import { openFile, type OpenFile } from './open-file.ts';
import { StreamedBody } from './streamed-body.ts';

/** The request as far as a file's response depends on it. */
export interface FileRequest {
  readonly method: string;
  /** In canonical form. */
  readonly path: string;
  header(name: string): string | undefined;
  readonly [MEDIA_TYPES]?: MediaTypes | undefined;
}

/**
 * Makes a response with a `FileBody` into what this request gets: the file, a part of it, or that it has not changed.
 *
 * Where the app chose a status of its own (a page for 404, say) the file is sent whole, whatever the request asks.
 *
 * @throws {NotFoundError} when there is no such file
 * @throws {HttpError} 412 when a precondition fails, 416 when the range lies outside
 */
export async function answerWithFile(
  response: HttpResponse,
  body: FileBody,
  request: FileRequest,
): Promise<HttpResponse> {
  if (isAskedAsFolder(body, request)) throw new NotFoundError('There is nothing at this path.');
  const file = await openFile(body, request.header('accept-encoding'));
  if (file === undefined) throw new NotFoundError('There is nothing at this path.');
  return sendOpenFile(response, file, body.options, request);
}

/**
 * Makes a response into what a request gets of a file that is open: it is closed with the body, or when this fails.
 *
 * @throws {HttpError} as {@link answerWithFile}
 */
export function sendOpenFile(
  response: HttpResponse,
  file: OpenFile,
  options: Pick<FileOptions, 'precompressed' | 'download'>,
  request: FileRequest,
): HttpResponse {
  try {
    describe(response, file, options, mediaTypeOf(file.path, request[MEDIA_TYPES]));
    const range = response.status === 200 ? negotiate(response, file, request) : wholeOf(file);
    response.headers.delete('content-length');
    if (range === undefined) {
      setBody(response, null);
      file.descriptor.close();
      return response;
    }
    const bytes = range.end - range.start;
    if (bytes === 0) {
      setBody(response, new StreamedBody([].values(), bytes));
      file.descriptor.close();
      return response;
    }
    const body = new StreamedBody(new FileChunks(file.descriptor, range.start, range.end), bytes);
    body.endsAtLength = true;
    setBody(response, body);
    return response;
  } catch (error) {
    file.descriptor.close();
    throw error;
  }
}

/** Whether the path of the request ends in the name of the file and a slash, as if it were a folder. */
function isAskedAsFolder({ path }: FileBody, request: FileRequest): boolean {
  if (!request.path.endsWith('/')) return false;
  const name = typeof path === 'string' ? basename(path) : (path.at(-1) ?? '');
  return request.path.endsWith(`/${name.replaceAll('%', '%25')}/`);
}

function describe(
  response: HttpResponse,
  file: OpenFile,
  options: Pick<FileOptions, 'precompressed' | 'download'>,
  mediaType: string,
): void {
  const { headers } = response;
  const defaults: Record<string, string | undefined> = {
    'content-type': mediaType,
    etag: `"${file.size.toString(36)}-${Math.floor(file.modifiedAt).toString(36)}${file.coding === undefined ? '' : `-${file.coding}`}"`,
    'last-modified': formatHttpDate(file.modifiedAt),
    'accept-ranges': 'bytes',
    'content-encoding': file.coding,
    'content-disposition': attachmentOf(file, options.download),
  };
  for (const [name, value] of Object.entries(defaults)) {
    if (value !== undefined && !headers.has(name)) headers.set(name, value);
  }
  if (options.precompressed === true && !/(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(headers.get('vary') ?? ''))
    headers.append('vary', 'Accept-Encoding');
}

function attachmentOf(file: OpenFile, download: string | boolean | undefined): string | undefined {
  if (download === undefined || download === false) return undefined;
  return formatAttachment(download === true ? basename(file.path) : download);
}

/** What is sent of the file; `undefined` when the client has it already. In the order of RFC 9110 §13.2.2. */
function negotiate(response: HttpResponse, file: OpenFile, request: FileRequest): ByteRange | undefined {
  const etag = response.headers.get('etag') ?? '';
  const modifiedAt = Math.floor(file.modifiedAt / 1_000) * 1_000;
  if (isPreconditionFailed(request, etag, modifiedAt))
    throw new HttpError(412, 'The file is not the one the request is about.');
  if (request.method !== 'GET' && request.method !== 'HEAD') return wholeOf(file);
  if (isNotModified(request, etag, modifiedAt)) {
    response.status = 304;
    return undefined;
  }
  const range =
    request.method === 'GET' && mayBePartial(request, etag, modifiedAt)
      ? parseRange(request.header('range'), file.size)
      : undefined;
  if (range === undefined) return wholeOf(file);
  if (range === 'unsatisfiable') {
    throw new HttpError(416, `The file has ${file.size} bytes.`, {
      headers: { 'content-range': `bytes */${file.size}` },
    });
  }
  response.status = 206;
  response.headers.set('content-range', `bytes ${range.start}-${range.end - 1}/${file.size}`);
  return range;
}

function isPreconditionFailed(request: FileRequest, etag: string, modifiedAt: number): boolean {
  const ifMatch = request.header('if-match');
  if (ifMatch !== undefined) return !matchesStrongly(ifMatch, etag);
  const since = parseHttpDate(request.header('if-unmodified-since'));
  return since !== undefined && modifiedAt > since;
}

function isNotModified(request: FileRequest, etag: string, modifiedAt: number): boolean {
  const ifNoneMatch = request.header('if-none-match');
  if (ifNoneMatch !== undefined) return matchesWeakly(ifNoneMatch, etag);
  const since = parseHttpDate(request.header('if-modified-since'));
  return since !== undefined && modifiedAt <= since;
}

/** A part is worth nothing to a client that has another version of the rest. */
function mayBePartial(request: FileRequest, etag: string, modifiedAt: number): boolean {
  const ifRange = request.header('if-range');
  if (ifRange === undefined) return true;
  return ifRange.includes('"') ? matchesStrongly(ifRange, etag) : parseHttpDate(ifRange) === modifiedAt;
}

function wholeOf(file: OpenFile): ByteRange {
  return { start: 0, end: file.size };
}
