// Asks the registry of a domain whether it is free, over TCP as WHOIS does, or by a datagram.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { within } from './within.js';

const AVAILABLE = 1;
const TAKEN = 0;
const FAILED = -1;

const MAX_ANSWER_LENGTH = 65_536;

/**
 * Resolves to 1 where the domain is available, 0 where it is taken, -1 where nobody could say. Never rejects.
 *
 * @param registries by top-level domain: `{ protocol: 'tcp' | 'udp', host, port, timeoutMs, available, taken }`; the
 *   last two are texts by which an answer is known
 */
export async function lookUp(name, registries, signal) {
  // What is no name never becomes a line of the question; domainToASCII would leave out the line end.
  const domain = /[\s\p{Cc}]/u.test(name) ? '' : domainToASCII(name);
  const registry = registries.get(domain.slice(domain.lastIndexOf('.') + 1));
  if (registry === undefined || !/^[^.]+(\.[^.]+)+$/.test(domain)) return FAILED;
  try {
    const ask = registry.protocol === 'udp' ? askByDatagram : askOverTcp;
    const answer = await within(registry.timeoutMs, signal, (inTime) => ask(registry, domain, inTime));
    return answer.includes(registry.available) ? AVAILABLE : answer.includes(registry.taken) ? TAKEN : FAILED;
  } catch {
    return FAILED;
  }
}

/** A line there, and all that comes back until the other side ends. */
async function askOverTcp({ host, port }, domain, signal) {
  signal.throwIfAborted();
  const socket = connect({ host, port, signal }).setEncoding('latin1');
  socket.write(`${domain}\r\n`);
  let answer = '';
  for await (const text of socket) {
    answer += text;
    if (answer.length > MAX_ANSWER_LENGTH) throw new Error('The answer does not end.');
  }
  return answer;
}

/** A datagram there, and the first that comes back from there. */
async function askByDatagram({ host, port }, domain, signal) {
  // An error that comes behind the deadline is nobody's any more.
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4').on('error', () => {});
  try {
    socket.connect(port, host);
    await once(socket, 'connect', { signal });
    socket.send(domain);
    const [answer] = await once(socket, 'message', { signal });
    return answer.toString('latin1');
  } finally {
    socket.close();
  }
}
