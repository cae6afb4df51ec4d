import { onDemand, require } from '../on-demand.ts';
import { loadMediaTypes } from './media-type.ts';

const library = onDemand(() => require('negotiator') as typeof import('negotiator'));

/**
 * The one of some media types that an Accept field likes best, ours where it has no preference (RFC 9110 §12.5.1);
 * `undefined` where it takes none of them.
 *
 * @param types on offer: media types, or extensions of files
 * @throws {TypeError} on what is neither
 */
export function preferredType<Type extends string>(
  field: string | undefined,
  types: readonly Type[],
): Type | undefined {
  const known = types.map(toMediaType);
  // One that names nothing is none.
  if (field === undefined || field.trim() === '') return types[0];
  const [best] = new (library())({ headers: { accept: field } }).mediaTypes(known);
  return best === undefined ? undefined : types[known.indexOf(best)];
}

function toMediaType(type: string): string {
  if (typeof type !== 'string') throw new TypeError(`accepts takes media types, not ${String(type)}.`);
  const known = type.includes('/') ? type : loadMediaTypes().getType(type);
  if (known === null)
    throw new TypeError(`accepts takes media types and extensions of files; ${JSON.stringify(type)} is neither.`);
  return known;
}

/**
 * Whether an Accept field names a media type itself, rather than a range it lies in, and does not refuse it (RFC 9110
 * §12.5.1).
 */
export function namesMediaType(field: string | undefined, mediaType: string): boolean {
  if (field === undefined || !field.toLowerCase().includes(mediaType)) return false;
  return field.split(',').some((entry) => {
    const [type = '', ...parameters] = entry
      .toLowerCase()
      .split(';')
      .map((part) => part.trim());
    return type === mediaType && !parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/.test(parameter));
  });
}
