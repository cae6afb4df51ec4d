import { onDemand, require } from '../on-demand.ts';

const library = onDemand(() => require('content-disposition') as typeof import('content-disposition'));

/** A `Content-Disposition` that makes a browser save the body under a name, whatever characters it has (RFC 6266). */
export function formatAttachment(name: string): string {
  return library().create(name.replace(/\p{Surrogate}/gu, '\ufffd'));
}
