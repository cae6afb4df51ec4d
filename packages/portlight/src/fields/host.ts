const REGISTERED_NAME = /^(?:[A-Za-z0-9\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2})+(?::\d{0,5})?$/;
const IP_LITERAL = /^\[[0-9A-Fa-f:.]+\](?::\d{0,5})?$/;
const LONGEST = 261;
const LAST_PORT = 65_535;

/** The host that was looked at last: most requests of a server name the same one. */
let lastValid = '';

/**
 * Whether a Host field holds a host and perhaps a port, and nothing that could move a URL built from it, as a slash, an
 * at-sign or a comma would (RFC 3986 §3.2.2; the comma of a registered name is left out, it marks joined fields). A
 * name need not be one that the URL parser takes, which knows addresses of four numbers and the names that Unicode has:
 * `1.2.3.4.5` is a name.
 */
export function isHost(field: string): boolean {
  if (field === lastValid) return field !== '';
  if (field.length > LONGEST || !(REGISTERED_NAME.test(field) || IP_LITERAL.test(field))) return false;
  if (!URL.canParse(`http://${field}`) && !isPlainName(field)) return false;
  lastValid = field;
  return true;
}

/** What is no address in brackets, and holds no escape, which may stand for what no host may hold; its port is one. */
function isPlainName(field: string): boolean {
  const [name = '', port = ''] = field.split(':');
  return !/[[%]/.test(name) && Number(port) <= LAST_PORT;
}
