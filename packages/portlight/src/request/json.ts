import { DEFAULTS } from '../defaults.ts';
import { BadRequestError } from '../errors/http-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const utf8WithMark = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** What a refusal speaks of: the body of a request, or a message of a channel. */
type JsonSubject = 'body' | 'message';

/** An escape may spell any name, so a text that holds one is looked through as well. */
const MAY_POISON = /__proto__|constructor|\\u/;

/**
 * A JSON body as a value.
 *
 * A key `__proto__`, or a `constructor` that holds a `prototype`, is refused: a later merge of the value would
 * change what other objects inherit.
 *
 * @throws {BadRequestError} when the bytes are no UTF-8, no JSON, or hold such a key
 */
export function parseJson(bytes: Uint8Array): unknown {
  return parseJsonText(decodeUtf8(bytes));
}

/** As {@link parseJson}, of text. */
export function parseJsonText(text: string, subject: JsonSubject = 'body'): unknown {
  assertShallow(text, subject);
  const value = parse(text, subject);
  if (MAY_POISON.test(text)) assertHarmless(value, subject);
  return value;
}

/**
 * Text of a body. A byte order mark in front of it is dropped, as by `Response.text` and `json` (WHATWG Encoding: UTF-8
 * decode; RFC 8259 §8.1).
 *
 * @param keepsMark whether it stays
 * @throws {BadRequestError} when the bytes are no UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, subject: JsonSubject = 'body', keepsMark = false): string {
  try {
    return (keepsMark ? utf8WithMark : utf8).decode(bytes);
  } catch (cause) {
    throw malformed(`The ${subject} is not valid UTF-8.`, cause);
  }
}

function parse(text: string, subject: JsonSubject): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw malformed(`The ${subject} is ${text === '' ? 'empty where JSON was expected' : 'not valid JSON'}.`, cause);
  }
}

/**
 * What walks through a value step by step, a schema or `JSON.stringify`, runs out of stack at some depth.
 *
 * @throws {BadRequestError} when objects and arrays are nested deeper than 512
 */
function assertShallow(text: string, subject: JsonSubject): void {
  if (text.length < 2 * DEFAULTS.maxJsonDepth) return;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH) index += 1;
    else if (code === QUOTE) isInString = !isInString;
    else if (isInString) continue;
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) depth += 1;
    else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth -= 1;
    if (depth > DEFAULTS.maxJsonDepth)
      throw malformed(`The ${subject} is nested deeper than ${DEFAULTS.maxJsonDepth} levels.`);
  }
}

/** Iterative, so that a body nested 50,000 deep costs no stack. */
function assertHarmless(root: unknown, subject: JsonSubject): void {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, '__proto__') || isPoisonedConstructor(value)) {
      throw malformed(`The ${subject} holds a key that could change the prototype of objects.`);
    }
    for (const child of Object.values(value)) pending.push(child);
  }
}

function isPoisonedConstructor(value: object): boolean {
  if (!Object.hasOwn(value, 'constructor')) return false;
  const own = value.constructor as unknown;
  return typeof own === 'object' && own !== null && Object.hasOwn(own, 'prototype');
}

function malformed(message: string, cause?: unknown): BadRequestError {
  return new BadRequestError(message, { code: 'ERR_PORTLIGHT_MALFORMED_BODY', cause });
}
