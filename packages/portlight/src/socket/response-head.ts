import type { HttpResponse } from '../response/http-response.ts';

/** Fields that say where a message ends and whether the connection goes on: decided here, never taken from an app. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'trailer']);

/** What is sent in front of a body. */
export interface ResponseHead {
  readonly status: number;
  /** Name, value, name, value; framing included, but for `Connection`. */
  readonly fields: string[];
  /** The bytes of the body, where they are known before it is sent. */
  readonly bodyBytes: number | undefined;
  /** Whether a body may follow at all: none does after 204 and 304 (RFC 9112 §6.3), and 205 has an empty one (RFC 9110 §15.3.6). */
  readonly mayHaveBody: boolean;
  /** The app asked for the connection to be closed after this response. */
  readonly asksToClose: boolean;
}

export function formatHead(response: HttpResponse): ResponseHead {
  const { status } = response;
  const fields: string[] = [];
  let asksToClose = false;
  let declared: number | undefined;
  const { flat } = response.headers;
  for (let index = 0; index < flat.length; index += 2) {
    const name = flat[index] as string;
    const value = flat[index + 1] as string;
    if (!FRAMING.has(name)) fields.push(name, value);
    else if (name === 'connection') asksToClose = value.toLowerCase() === 'close';
    else if (name === 'content-length' && /^\d{1,15}$/.test(value)) declared = Number(value);
  }
  const mayHaveBody = status !== 204 && status !== 205 && status !== 304;
  const bodyBytes = mayHaveBody ? measure(response, declared) : status === 205 ? 0 : undefined;
  if (bodyBytes !== undefined) fields.push('content-length', String(bodyBytes));
  return { status, fields, bodyBytes, mayHaveBody, asksToClose };
}

/** A stream is as long as the app says; of everything else the length is ours to know. */
function measure({ body }: HttpResponse, declared: number | undefined): number | undefined {
  if (body === null) return 0;
  if (typeof body === 'string') return Buffer.byteLength(body);
  return body instanceof Uint8Array ? body.byteLength : declared;
}
