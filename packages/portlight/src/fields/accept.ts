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
