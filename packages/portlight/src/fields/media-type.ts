import { extname } from 'node:path';
import { onDemand, require } from '../on-demand.ts';

/** The table of known types. Declared here: apps have the declarations, and not the library. */
interface KnownTypes {
  getType(extension: string): string | null;
}

export const loadMediaTypes: () => KnownTypes = onDemand(() => (require('mime') as typeof import('mime')).default);

/** Media types of an app's own, by extension in lower case and without dot. */
export type MediaTypes = ReadonlyMap<string, string>;

/** Where a request keeps those of its server: in reach of who sends files, out of sight of the app. */
export const MEDIA_TYPES: unique symbol = Symbol('media types');

const TEXTUAL = /^(?:text\/[^;]+|application\/(?:javascript|xml|xhtml\+xml))$/i;
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const MEDIA_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f-\\uffff]|\\\\[\\t\\x20-\\x7e])*"))*$`,
);

/**
 * The `Content-Type` of a file by its extension; text that says no charset is UTF-8. Bytes of which nothing is known
 * stay bytes.
 *
 * @param own types that win over those that are known
 */
export function mediaTypeOf(path: string, own?: MediaTypes): string {
  const extension = extname(path).slice(1).toLowerCase();
  const type =
    own?.get(extension) ??
    (extension === '' ? undefined : loadMediaTypes().getType(extension)) ??
    'application/octet-stream';
  return TEXTUAL.test(type) ? `${type}; charset=utf-8` : type;
}

/** Whether a text is a media type, perhaps with parameters (RFC 9110 §8.3.1). */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text);
}
