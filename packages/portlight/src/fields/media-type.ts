import { onDemand, require } from '../on-demand.ts';

const library = onDemand(() => (require('mime') as typeof import('mime')).default);

const TEXTUAL = /^text\/|^application\/(?:javascript|xml|xhtml\+xml)$/;

/** The `Content-Type` of a file by its extension; text is UTF-8. Bytes of which nothing is known stay bytes. */
export function mediaTypeOf(path: string): string {
  const type = library().getType(path) ?? 'application/octet-stream';
  return TEXTUAL.test(type) ? `${type}; charset=utf-8` : type;
}
