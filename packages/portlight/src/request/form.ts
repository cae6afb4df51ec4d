import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';
import { BadRequestError, PayloadTooLargeError, UnsupportedMediaTypeError } from '../errors/http-error.ts';
import { assertReadable, contentTypeOf } from './assert-readable.ts';
import type { FormLimits } from './form-limits.ts';
import { decodeUtf8 } from './json.ts';
import { parseMultipart } from './multipart.ts';
import { parsePairs } from './query.ts';
import type { ReceivedFormData } from './uploaded-file.ts';
import { UploadFolder } from './upload-folder.ts';

/** The request as far as its form depends on it. */
export interface FormRequest {
  header(name: string): string | undefined;
  bytes(): Promise<Uint8Array>;
  stream(): ReadableStream<Uint8Array>;
}

/** A form that was read, and what it left on disk. */
export interface ReceivedForm {
  readonly data: ReceivedFormData;
  /** Removes its files. Never rejects. */
  remove(): Promise<void>;
}

/**
 * Reads the body of a request as a form.
 *
 * @throws {BadRequestError} @throws {PayloadTooLargeError} @throws {UnsupportedMediaTypeError} as
 *   `HttpRequest#formData` says
 */
export async function receiveForm(request: FormRequest, limits: FormLimits): Promise<ReceivedForm> {
  assertLimits(limits);
  const type = contentTypeOf(request)?.essence;
  const folder = new UploadFolder();
  if (type === 'application/x-www-form-urlencoded') {
    assertReadable(request);
    // A byte order mark is part of the first name here (WHATWG URL §5.1: UTF-8 decode without BOM).
    return { data: toFormData(decodeUtf8(await request.bytes(), 'body', true), limits), remove: () => folder.remove() };
  }
  if (type !== 'multipart/form-data') throw new UnsupportedMediaTypeError('The body is no form.');
  assertReadable(request);
  const {
    maxFields = DEFAULTS.maxFormFields,
    maxFiles = DEFAULTS.maxFormFiles,
    memoryBytes = DEFAULTS.formMemoryBytes,
  } = limits;
  const { maxFieldBytes = Number.POSITIVE_INFINITY, maxFileBytes = Number.POSITIVE_INFINITY } = limits;
  const all = { maxFields, maxFiles, maxFieldBytes, maxFileBytes, memoryBytes };
  try {
    const data = await parseMultipart(request.stream(), request.header('content-type') ?? '', all, folder);
    return { data, remove: () => folder.remove() };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** @throws {PayloadTooLargeError} over a limit @throws {BadRequestError} on a malformed percent escape */
function toFormData(text: string, limits: FormLimits): ReceivedFormData {
  const { maxFields = DEFAULTS.maxFormFields, maxFieldBytes = Number.POSITIVE_INFINITY } = limits;
  const pairs = parsePairs(text, {
    most: maxFields,
    tooMany: () => new PayloadTooLargeError('The form has too many fields.'),
    malformed: (cause) =>
      new BadRequestError('The form holds a malformed percent escape.', {
        code: 'ERR_PORTLIGHT_MALFORMED_BODY',
        cause,
      }),
  });
  const data: ReceivedFormData = new FormData();
  for (const [name, value] of pairs) {
    if (Buffer.byteLength(value) > maxFieldBytes)
      throw new PayloadTooLargeError(`A field of the form is over the limit of ${maxFieldBytes} bytes.`);
    data.append(name, value);
  }
  return data;
}

const LIMITS: ReadonlySet<string> = new Set(['maxFields', 'maxFiles', 'maxFieldBytes', 'maxFileBytes', 'memoryBytes']);

/** @throws {ConfigError} on a limit that would limit nothing */
function assertLimits(limits: FormLimits): void {
  for (const [name, limit] of Object.entries(limits) as [string, unknown][]) {
    if (!LIMITS.has(name))
      throw new ConfigError(`A form has no limit ${JSON.stringify(name)}.`, 'ERR_PORTLIGHT_INVALID_OPTION');
    if (limit === undefined || (typeof limit === 'number' && Number.isInteger(limit) && limit >= 0)) continue;
    throw new ConfigError(
      `The limit ${name} of a form must be a whole number from 0, not ${JSON.stringify(limit)}.`,
      'ERR_PORTLIGHT_INVALID_OPTION',
    );
  }
}
