import { DEFAULTS } from '../defaults.ts';
import { UnsupportedMediaTypeError } from '../errors/http-error.ts';
import { assertReadable, contentTypeOf } from './assert-readable.ts';
import type { HttpRequest, RequestShape } from './http-request.ts';
import { parseMultipart } from './multipart.ts';
import { parseQuery } from './query.ts';
import { UploadFolder } from './upload-folder.ts';

/** How much of a form is taken in. The limit of the whole body holds as well. */
export interface FormLimits {
  /** @default 1_000 */
  readonly maxFields?: number;
  /** @default 100 */
  readonly maxFiles?: number;
  /** Largest text field, in bytes. @default the limit of the body */
  readonly maxFieldBytes?: number;
  /** Largest file, in bytes. @default the limit of the body */
  readonly maxFileBytes?: number;
  /** Up to this size a file stays in memory, in bytes. @default 65_536 */
  readonly memoryBytes?: number;
}

/** A form that was read, and what it left on disk. */
export interface ReceivedForm {
  readonly data: FormData;
  /** Removes its files. Never rejects. */
  remove(): Promise<void>;
}

/**
 * Reads the body of a request as a form.
 *
 * @throws {BadRequestError} @throws {PayloadTooLargeError} @throws {UnsupportedMediaTypeError} as `HttpRequest#formData` says
 */
export async function receiveForm(request: HttpRequest<RequestShape>, limits: FormLimits): Promise<ReceivedForm> {
  const type = contentTypeOf(request)?.essence;
  const folder = new UploadFolder();
  if (type === 'application/x-www-form-urlencoded') {
    return { data: toFormData(parseQuery(await request.text())), remove: () => folder.remove() };
  }
  if (type !== 'multipart/form-data') throw new UnsupportedMediaTypeError('The body is no form.');
  assertReadable(request);
  const { maxFields = DEFAULTS.maxFormFields, maxFiles = DEFAULTS.maxFormFiles, memoryBytes = DEFAULTS.formMemoryBytes } = limits;
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

function toFormData(fields: Record<string, string | string[]>): FormData {
  const data = new FormData();
  for (const [name, values] of Object.entries(fields)) {
    for (const value of Array.isArray(values) ? values : [values]) data.append(name, value);
  }
  return data;
}
