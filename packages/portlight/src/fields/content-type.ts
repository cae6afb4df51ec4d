import { onDemand, require } from '../on-demand.ts';
import { isToken } from './header-syntax.ts';

const library = onDemand(() => require('content-type') as typeof import('content-type'));

/** A `Content-Type` field, read once for routing, validation and reading alike. */
export interface ContentType {
  /** `type/subtype`, in lower case. */
  readonly essence: string;
  /** Parameter names are in lower case; the record has no prototype. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The field that was read last, and what it says: most bodies of a server have the same one. */
let lastField = '';
let lastType: ContentType | undefined;

/** The content type, or `undefined` where the field is no media type (RFC 9110 §8.3.1). */
export function parseContentType(field: string): ContentType | undefined {
  if (field === lastField) return lastType;
  lastType = read(field);
  lastField = field;
  return lastType;
}

function read(field: string): ContentType | undefined {
  const { type, parameters } = library().parse(field);
  const parts = type.split('/');
  if (parts.length !== 2 || !parts.every(isToken)) return undefined;
  return { essence: type.toLowerCase(), parameters };
}

/** Whether the body is JSON: `application/json` or a type that ends in `+json` (RFC 6839 §3.1). */
export function isJson(essence: string): boolean {
  return essence === 'application/json' || essence.endsWith('+json');
}
