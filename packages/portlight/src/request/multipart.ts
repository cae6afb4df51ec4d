import { type Blob, File } from 'node:buffer';
import { createReadStream, openAsBlob } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BusboyConfig, BusboyFileStream, BusboyInstance } from '@fastify/busboy';
import { BadRequestError, HttpError, PayloadTooLargeError } from '../errors/http-error.ts';
import { parseContentType } from '../fields/content-type.ts';
import { onDemand, require } from '../on-demand.ts';
import { countDelimiters, type DelimiterCount } from './count-delimiters.ts';
import type { AllFormLimits } from './form-limits.ts';
import type { UploadFolder } from './upload-folder.ts';

/** The parser without the types of its constructor, which are those of CommonJS. */
interface FormParser {
  readonly Busboy: new (config: BusboyConfig) => BusboyInstance;
}

export const loadFormParser: () => FormParser = onDemand(() => require('@fastify/busboy') as FormParser);

type Entry = readonly [name: string, value: string | Promise<File>];

/** Far above what a form uses, far below what fills a memory. */
const MAX_NAME_BYTES = 1_000;
const MAX_PART_HEADER_BYTES = 16_384;

/**
 * Reads `multipart/form-data` (RFC 7578) as it comes. Files over `memoryBytes` go to the folder.
 *
 * @throws {BadRequestError} when the form is malformed
 * @throws {PayloadTooLargeError} over a limit
 * @throws what the body throws
 */
export async function parseMultipart(
  body: ReadableStream<Uint8Array>,
  contentType: string,
  limits: AllFormLimits,
  folder: UploadFolder,
): Promise<FormData> {
  const parser = createParser(contentType, limits);
  const entries: Entry[] = [];
  const seen: DelimiterCount = { count: 0 };
  const open = new Set<BusboyFileStream>();
  const refuse = (error: Error): void => void parser.destroy(error);
  parser.on('field', (name, value, _isNameCut, isValueCut) => {
    if (!isName(name)) refuse(badName());
    else if (isValueCut)
      refuse(new PayloadTooLargeError(`A field of the form is over the limit of ${limits.maxFieldBytes} bytes.`));
    else entries.push([unescapeName(name), value]);
  });
  parser.on('file', (name, stream, filename, _encoding, type) => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    // Heard by whoever reads it; a stream that nobody reads yet must not end the process.
    stream.on('error', () => undefined);
    if (!isName(name)) return refuse(badName());
    const file = receiveFile(stream, unescapeName(filename ?? ''), type, limits, folder);
    file.catch(refuse);
    entries.push([unescapeName(name), file]);
  });
  for (const [event, what] of [
    ['partsLimit', 'parts'],
    ['filesLimit', 'files'],
    ['fieldsLimit', 'fields'],
  ] as const) {
    parser.on(event, () => refuse(new PayloadTooLargeError(`The form has too many ${what}.`)));
  }
  try {
    const boundary = parseContentType(contentType)?.parameters['boundary'] ?? '';
    const source = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]) as AsyncIterable<Uint8Array>;
    await pipeline((): AsyncIterable<Uint8Array> => countDelimiters(source, boundary, seen), parser);
    // The last delimiter is followed by no part.
    if (entries.length !== seen.count - 1)
      throw new BadRequestError('A part of the form has no usable head.', { code: 'ERR_PORTLIGHT_MALFORMED_BODY' });
    return await collect(entries);
  } catch (error) {
    for (const stream of open) stream.destroy(error as Error);
    await Promise.allSettled(entries.map(([, value]) => Promise.resolve(value)));
    throw isNotTheForm(error)
      ? error
      : new BadRequestError('The form is malformed.', { code: 'ERR_PORTLIGHT_MALFORMED_BODY', cause: error });
  }
}

/** The parser gives what it found, and does not keep a limit on names. */
function isName(name: string | undefined): boolean {
  return name !== undefined && Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

/**
 * The three characters that a name in quotes cannot hold, as browsers write them (WHATWG HTML, multipart/form-data
 * encoding).
 */
function unescapeName(name: string): string {
  return name.replace(/%(?:22|0d|0a)/gi, decodeURIComponent);
}

function badName(): BadRequestError {
  return new BadRequestError(`A part of the form has no name, or one over ${MAX_NAME_BYTES} bytes.`);
}

function createParser(
  contentType: string,
  { maxFields, maxFiles, maxFieldBytes, maxFileBytes }: AllFormLimits,
): BusboyInstance {
  const { Busboy } = loadFormParser();
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: {
        fieldSize: maxFieldBytes,
        fields: maxFields,
        files: maxFiles,
        fileSize: maxFileBytes,
        headerSize: MAX_PART_HEADER_BYTES,
      },
    });
  } catch (cause) {
    throw new BadRequestError('The form has no boundary.', { code: 'ERR_PORTLIGHT_MALFORMED_BODY', cause });
  }
}

async function receiveFile(
  stream: BusboyFileStream,
  filename: string,
  type: string,
  limits: AllFormLimits,
  folder: UploadFolder,
): Promise<File> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const assertWhole = (): void => {
    if (stream.truncated)
      throw new PayloadTooLargeError(`A file of the form is over the limit of ${limits.maxFileBytes} bytes.`);
  };
  const iterator = stream.iterator({ destroyOnReturn: false });
  for await (const chunk of iterator) {
    chunks.push(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes <= limits.memoryBytes) continue;
    const path = await folder.write(chunks, stream);
    assertWhole();
    return openFile(path, filename, type);
  }
  assertWhole();
  return new File(chunks, filename, { type });
}

/** Reads like any `File`, and holds nothing in memory until it is read. */
async function openFile(path: string, name: string, type: string): Promise<File> {
  const file = new File([await openAsBlob(path)], name, { type });
  // A position that is no whole number ends the process in Node, where the standard rounds it.
  const slice = (start = 0, end: number = file.size, contentType = ''): Blob =>
    File.prototype.slice.call(file, toWhole(start), toWhole(end), contentType);
  // A stream of Node's own keeps the file open when it is cancelled midway.
  const stream = (): ReadableStream => Readable.toWeb(createReadStream(path)) as ReadableStream;
  return Object.defineProperties(file, {
    path: { value: path, enumerable: true },
    slice: { value: slice },
    stream: { value: stream },
  });
}

/** A position beyond all is the last there can be, which not every version of Node makes of it. */
function toWhole(position: number): number {
  if (Number.isNaN(position)) return 0;
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(position)));
}

async function collect(entries: readonly Entry[]): Promise<FormData> {
  const data = new FormData();
  for (const [name, value] of entries) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, await value);
  }
  return data;
}

/** What a limit, the body itself or the disk threw, rather than the parser. */
function isNotTheForm(error: unknown): boolean {
  return error instanceof HttpError || (error instanceof Error && (error.name === 'AbortError' || 'syscall' in error));
}
