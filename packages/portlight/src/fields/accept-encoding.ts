import { onDemand, require } from '../on-demand.ts';

const library = onDemand(() => require('negotiator') as typeof import('negotiator'));

/** What the declarations of the package do not have yet. */
interface EncodingNegotiator {
  encodings(available: string[], options: { readonly preferred: string[] }): string[];
}

/**
 * The codings a client takes, of those on offer, its favourite first, and ours where it has none (RFC 9110 §12.5.3).
 */
export function preferredCodings(field: string | undefined, offered: readonly string[]): readonly string[] {
  if (field === undefined) return [];
  const negotiator: EncodingNegotiator = new (library())({ headers: { 'accept-encoding': field } });
  return negotiator.encodings([...offered], { preferred: [...offered] });
}
