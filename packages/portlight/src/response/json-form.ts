import { types } from 'node:util';
import { ignoreRejection } from '../errors/ignore-rejection.ts';
import { hearErrors } from './body-stream.ts';
import { isPromiseLike } from './is-promise-like.ts';

/** What is looked at of every value: of a list, the first rows, which are like the others. About a microsecond. */
const FIRST_LOOK = 32;

/** How deep a value is looked through that is refused anyway. */
const DEEPEST = 64;

/** Something inside a value that JSON would drop, or write as what it is not. */
interface Finding {
  readonly problem: string;
  /** Where it stands, from the outermost name to the innermost. */
  readonly path: (string | number)[];
}

/** How many objects the walk under way may still enter. The walk waits for nothing, so there is only one. */
let left = 0;
/** Whether there is a `{}` in the text of the value under way. */
let holdsEmpty = false;

/**
 * Why a value has no JSON form although `JSON.stringify` made `text` of it, in a sentence that says what to write
 * instead.
 *
 * A `Map`, an `Error` or a promise becomes `{}`: where there is a `{}` in the text, all of the value is walked through.
 * What becomes something else, an `Error` that has a `code`, a function in an array, is looked for among the first
 * objects alone.
 */
export function jsonProblem(value: unknown, text: string): string | undefined {
  left = FIRST_LOOK;
  holdsEmpty = text.includes('{}');
  let finding = inspect(value);
  if (finding === undefined && left <= 0 && holdsEmpty) {
    left = Infinity;
    finding = inspect(value);
  }
  if (finding === undefined) return undefined;
  takeOver(value);
  const place = finding.path.reduce<string>(
    (path, key) => (typeof key === 'number' ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`),
    '',
  );
  return place === '' ? finding.problem : `${finding.problem} It stands at ${JSON.stringify(place)}.`;
}

/**
 * A value that is refused was given away by the app all the same: a promise or stream in it must not end the process.
 */
function takeOver(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || ignoreRejection(value) || depth > DEEPEST) return;
  hearErrors(value);
  if (isStream(value)) return;
  for (const item of Array.isArray(value) ? value : Object.values(value)) takeOver(item, depth + 1);
}

function inspect(value: unknown): Finding | undefined {
  if (typeof value === 'object') return value === null ? undefined : inspectObject(value);
  if (typeof value === 'function')
    return { problem: 'a function has no JSON form; a call of it may be missing.', path: [] };
  if (typeof value === 'symbol') return { problem: 'a symbol has no JSON form; write its description.', path: [] };
  return undefined;
}

function inspectObject(value: object): Finding | undefined {
  if (left-- <= 0) return undefined;
  if (Array.isArray(value)) return inspectItems(value);
  const prototype = Object.getPrototypeOf(value) as object | null;
  // An object literal of any realm inherits from what inherits from nothing.
  const isPlain = prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
  // What it says of itself is taken, and looked at where that is nothing.
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return holdsEmpty ? inspectOwnForm(value as { toJSON(key: string): unknown }) : undefined;
  }
  if (isStream(value)) return { problem: 'a stream has no JSON form; return it by itself.', path: [] };
  const problem = isPlain ? undefined : problemOf(value);
  if (problem !== undefined) return { problem, path: [] };
  if (isPromiseLike(value)) return { problem: 'a promise has no JSON form; an await is missing.', path: [] };
  return inspectFields(value as Readonly<Record<string, unknown>>);
}

function inspectOwnForm(value: { toJSON(key: string): unknown }): Finding | undefined {
  const form = value.toJSON('');
  return form === value ? undefined : inspect(form);
}

/** Streams of Node, and other emitters of events: their fields are their own business. */
function isStream(value: object): boolean {
  return 'on' in value && typeof value.on === 'function' && 'emit' in value && typeof value.emit === 'function';
}

function inspectItems(items: readonly unknown[]): Finding | undefined {
  for (let index = 0; index < items.length; index++) {
    if (left <= 0) return undefined;
    const item = items[index];
    if (typeof item === 'string' || typeof item === 'number') continue;
    const finding = inspect(item);
    if (finding !== undefined) return under(index, finding);
  }
  return undefined;
}

function inspectFields(value: Readonly<Record<string, unknown>>): Finding | undefined {
  // The own ones, but their list costs more than to ask of the few that are neither text nor number.
  for (const name in value) {
    const field = value[name];
    if (typeof field === 'string' || typeof field === 'number' || !Object.hasOwn(value, name)) continue;
    const finding = inspect(field);
    if (finding !== undefined) return under(name, finding);
  }
  return undefined;
}

function under(key: string | number, finding: Finding): Finding {
  finding.path.unshift(key);
  return finding;
}

/** What to write in place of each kind. */
const REMEDIES: Readonly<Record<string, string>> = {
  Map: 'write Object.fromEntries(map), or [...map] for pairs.',
  Set: 'write [...set].',
  Headers: 'write Object.fromEntries(headers).',
  FormData: 'write Object.fromEntries(form).',
  URLSearchParams: 'write Object.fromEntries(params), or String(params) for text.',
  Error: 'throw it, or write what the client may know of it, { message: error.message }.',
  Promise: 'an await is missing.',
  Request: 'write which of its fields are meant, { url: request.url }.',
  Response: 'a response is returned by itself, not inside a value.',
  RegExp: 'write String(pattern).',
  Blob: 'return it by itself, or write await blob.text().',
  File: 'return it by itself, or write await file.text().',
  ArrayBuffer: 'return bytes by themselves, or write [...new Uint8Array(buffer)].',
  ReadableStream: 'a stream is returned by itself, not inside a value.',
};

function problemOf(value: object): string | undefined {
  const kind = kindOf(value);
  const name = `${/^[AEIO]/.test(kind) ? 'an' : 'a'} ${kind}`;
  if (ArrayBuffer.isView(value)) return `${name} has no JSON form; write [...values], or return bytes by themselves.`;
  if (Object.hasOwn(REMEDIES, kind)) return `${name} has no JSON form; ${REMEDIES[kind]}`;
  if (types.isBoxedPrimitive(value) || Object.keys(value).length > 0) return undefined;
  return `${name} shows no fields to JSON; give its class a toJSON(), or write which of its values are meant.`;
}

/** The brand of `HttpResponse`, of every copy of the package. */
const RESPONSE = Symbol.for('portlight.HttpResponse');

/** What a sentence calls it. Not by `instanceof`: there are other realms and other implementations. */
function kindOf(value: object): string {
  if (value instanceof Error || types.isNativeError(value)) return 'Error';
  if (types.isMap(value)) return 'Map';
  if (types.isSet(value)) return 'Set';
  if (types.isRegExp(value)) return 'RegExp';
  if (RESPONSE in value) return 'Response';
  const tag: unknown = Symbol.toStringTag in value ? value[Symbol.toStringTag] : undefined;
  if (typeof tag === 'string' && tag !== '') return tag;
  const { constructor } = value;
  return typeof constructor === 'function' && constructor.name !== ''
    ? constructor.name
    : 'value of a class without a name';
}
