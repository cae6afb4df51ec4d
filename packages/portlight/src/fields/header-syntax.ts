const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const UNSAFE_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** A method, field name or other token of RFC 9110 §5.6.2. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * Why a header field cannot be sent, in one sentence, or `undefined` when it can (RFC 9110 §5.5).
 *
 * CR, LF and NUL would let whoever controls the value write fields and responses of his own.
 */
export function headerProblem(name: unknown, value: unknown): string | undefined {
  if (typeof name !== 'string' || !isToken(name)) return `${JSON.stringify(name)} is no header name.`;
  if (typeof value !== 'string') return `The header ${name} needs a string or a number, not ${typeof value}.`;
  const unsafe = UNSAFE_VALUE.exec(value);
  if (unsafe === null) return undefined;
  const point = unsafe[0].codePointAt(0) ?? 0;
  return `The header ${name} holds U+${point.toString(16).toUpperCase().padStart(4, '0')}, which no header may hold.`;
}
