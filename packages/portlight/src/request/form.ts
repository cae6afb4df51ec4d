import { DEFAULTS } from '../defaults.ts';
import { UnsupportedMediaTypeError } from '../errors/http-error.ts';
import { assertReadable, contentTypeOf } from './assert-readable.ts';
import type { FormLimits } from './form-limits.ts';
import { parseMultipart } from './multipart.ts';
import { parseQuery } from './query.ts';
import { UploadFolder } from './upload-folder.ts';

/** The request as far as its form depends on it. */
export interface FormRequest {
  header(name: string): string | undefined;
  text(): Promise<string>;
  stream(): ReadableStream<Uint8Array>;
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
export async function receiveForm(request: FormRequest, limits: FormLimits): Promise<ReceivedForm> {
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
