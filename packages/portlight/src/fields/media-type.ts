const TEXTUAL = /^text\/|^application\/(?:javascript|xml|xhtml\+xml)$/;

/** The `Content-Type` of a file by its extension; text is UTF-8. Bytes of which nothing is known stay bytes. */
export async function mediaTypeOf(path: string): Promise<string> {
  // Loaded with the first file.
  const { default: mime } = await import('mime/lite');
  const type = mime.getType(path) ?? 'application/octet-stream';
  return TEXTUAL.test(type) ? `${type}; charset=utf-8` : type;
}
