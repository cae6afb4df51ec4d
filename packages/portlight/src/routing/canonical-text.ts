import { canonicalPath } from '../request/target.ts';

/** One well-formed escape: up to four bytes of one UTF-8 character (RFC 3629 §4). A `%` of none of these is itself. */
const ESCAPE =
  /%[0-7][\da-f]|%[cd][\da-f]%[89ab][\da-f]|%e[\da-f](?:%[89ab][\da-f]){2}|%f[0-7](?:%[89ab][\da-f]){3}|%/gi;

/**
 * The text of a pattern in the form that the paths of requests have (see `canonicalPath`), so that `/caf%C3%A9` and
 * `/café` are one pattern. A `%` that begins no escape means itself, and is `%25`.
 */
export function canonicalText(text: string): string {
  return text.includes('%') ? text.replace(ESCAPE, canonicalEscape) : text;
}

function canonicalEscape(escape: string): string {
  if (escape.length === 1) return '%25';
  try {
    return canonicalPath(escape);
  } catch {
    return escape.replaceAll('%', '%25');
  }
}
