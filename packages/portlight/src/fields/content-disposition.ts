import { create } from 'content-disposition';

/** A `Content-Disposition` that makes a browser save the body under a name, whatever characters it has (RFC 6266). */
export function formatAttachment(name: string): string {
  return create(name.replace(/\p{Surrogate}/gu, '\ufffd'));
}
