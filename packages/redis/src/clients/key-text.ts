/** A half of a surrogate pair has no UTF-8: two texts that differ in it would be one in Redis. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const ESCAPED = '\0';

/** Any text as one that Redis keeps apart from every other. */
export function toKeyText(text: string): string {
  return text.startsWith(ESCAPED) || LONE_SURROGATE.test(text) ? ESCAPED + JSON.stringify(text) : text;
}

/** The text of which this was made. */
export function fromKeyText(text: string): string {
  return text.startsWith(ESCAPED) ? (JSON.parse(text.slice(ESCAPED.length)) as string) : text;
}
