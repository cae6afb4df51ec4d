import { types } from 'node:util';
import type { ErrorCode } from '../errors/error-code.ts';
import { ReplyError } from '../errors/reply-error.ts';
import { type BodyStream, isBodyStream } from './body-stream.ts';
import type { FileBody } from './file-body.ts';
import { adoptStream, isForeignStream } from './foreign-stream.ts';
import { isDetached } from './is-detached.ts';
import { jsonProblem } from './json-form.ts';
import { StreamedBody } from './streamed-body.ts';

/** What a response holds in the end: text, bytes, a source of chunks, a file that is yet to be found, or nothing. */
export type HeldBody = string | Uint8Array | StreamedBody | FileBody | null;

/** A reply's body, ready to be sent, with the type it has unless the app names another. */
export interface EncodedBody {
  readonly body: HeldBody;
  readonly contentType: string | undefined;
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';
const BYTES = 'application/octet-stream';

/** Text that has a type already. */
export class EncodedText implements EncodedBody {
  readonly body: string;
  readonly contentType: string;

  constructor(body: string, contentType: string) {
    this.body = body;
    this.contentType = contentType;
  }
}

/**
 * Text is never sniffed and never HTML by itself. `null` and `undefined` are no body here: what they mean as replies,
 * `toResponse` knows.
 */
export function encodeBody(value: unknown): EncodedBody {
  if (typeof value === 'string') return { body: value, contentType: TEXT };
  if (value === null || value === undefined) return { body: null, contentType: undefined };
  if (typeof value !== 'object') return { body: encodeJson(value), contentType: JSON_TYPE };
  if (value instanceof EncodedText) return value;
  if (value instanceof Uint8Array) return { body: assertAttached(value), contentType: BYTES };
  const held = hold(value);
  if (held === undefined) return { body: encodeJson(value), contentType: JSON_TYPE };
  return { body: held, contentType: (isBlob(value) && value.type) || BYTES };
}

/**
 * A body that is put in the place of another, as it is.
 *
 * @throws {ReplyError} on what would have to be encoded first
 */
export function toBody(value: unknown): HeldBody {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return assertAttached(value);
  const held = typeof value === 'object' ? hold(value) : undefined;
  if (held !== undefined) return held;
  throw new ReplyError(
    `The body of a response is a string, bytes, a stream or null, not of type ${typeof value}; HttpResponse.json encodes a value.`,
  );
}

/** Bytes, blobs and sources of chunks, of every realm and implementation; `undefined` for what is none of them. */
function hold(value: object): Uint8Array | StreamedBody | undefined {
  // No object of fields has a tag: what is asked here costs JSON replies nothing.
  if (Symbol.toStringTag in value) {
    if (types.isArrayBuffer(value)) return toBytes(value);
    if (types.isUint8Array(value))
      return new Uint8Array(assertAttached(value).buffer, value.byteOffset, value.byteLength);
    if (isBlob(value)) return streamOf(value);
  }
  if (isForeignStream(value)) return new StreamedBody(adoptStream(value));
  return isBodyStream(value) ? new StreamedBody(value) : undefined;
}

function isBlob(value: object): value is Blob {
  const { [Symbol.toStringTag]: tag } = value as { readonly [Symbol.toStringTag]?: unknown };
  return (tag === 'Blob' || tag === 'File') && 'stream' in value && typeof value.stream === 'function';
}

function streamOf(blob: Blob): StreamedBody {
  const stream: object = blob.stream();
  return new StreamedBody(isForeignStream(stream) ? adoptStream(stream) : (stream as BodyStream), blob.size);
}

function toBytes(buffer: ArrayBuffer): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch {
    throw detached();
  }
}

/** @throws {ReplyError} when the memory of the bytes was given away, to a worker for example */
export function assertAttached(bytes: Uint8Array): Uint8Array {
  if (isDetached(bytes)) throw detached();
  return bytes;
}

function detached(): ReplyError {
  return new ReplyError('The bytes of the reply are no longer there: their buffer was transferred.');
}

/**
 * The value as JSON text.
 *
 * @param subject what the value is, as the sentence shall name it
 * @throws {ReplyError} when it has no JSON form: a function, a bigint, a cycle, a `Map`, a promise inside it
 */
export function encodeJson(
  value: unknown,
  subject = 'The reply',
  code: ErrorCode = 'ERR_PORTLIGHT_INVALID_REPLY',
): string {
  let text: string | undefined;
  let problem: string | undefined;
  try {
    text = JSON.stringify(value);
    problem =
      text === undefined && value === undefined
        ? 'undefined has no JSON form; null has one.'
        : jsonProblem(value, text ?? '');
  } catch (cause) {
    const remedy = cause instanceof TypeError && cause.message.includes('BigInt') ? '; write String(value).' : '';
    throw new ReplyError(
      `${subject} cannot be written as JSON: ${cause instanceof Error ? cause.message : String(cause)}${remedy}`,
      code,
      cause,
    );
  }
  if (text !== undefined && problem === undefined) return text;
  throw new ReplyError(`${subject} cannot be written as JSON: ${problem ?? 'its toJSON() gives nothing.'}`, code);
}
