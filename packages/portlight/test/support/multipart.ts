export const BOUNDARY = 'x-portlight-x';
export const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;

/** A part of a form with the fields it is given, as they stand. */
export function rawPart(fields: readonly string[], body = ''): string {
  return `--${BOUNDARY}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n${body}\r\n`;
}

export function field(name: string, value: string): string {
  return rawPart([`content-disposition: form-data; name="${name}"`], value);
}

export function file(name: string, filename: string, body: string, type = 'text/plain'): string {
  return rawPart(
    [`content-disposition: form-data; name="${name}"; filename="${filename}"`, `content-type: ${type}`],
    body,
  );
}

/** The parts and the last boundary. */
export function form(...parts: readonly string[]): string {
  return `${parts.join('')}--${BOUNDARY}--\r\n`;
}

/** What `fetch` needs to post a form; bytes are sent as the characters of the text. */
export function post(body: string, type = MULTIPART): RequestInit {
  return { method: 'POST', headers: { 'content-type': type }, body: Buffer.from(body, 'latin1') };
}
