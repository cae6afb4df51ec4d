const REGISTERED_NAME = /^(?:[A-Za-z0-9\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2})+(?::\d{0,5})?$/;
const IP_LITERAL = /^\[[0-9A-Fa-f:.]+\](?::\d{0,5})?$/;

/**
 * Whether a Host field holds a host and perhaps a port, and nothing that could move a URL built from it, as a slash,
 * an at-sign or a comma would (RFC 3986 §3.2.2; the comma of a registered name is left out, it marks joined fields).
 */
export function isHost(field: string): boolean {
  return field.length <= 261 && (REGISTERED_NAME.test(field) || IP_LITERAL.test(field));
}
