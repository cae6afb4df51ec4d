import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LentUpgrade } from 'portlight/guests';
import { answerUnknownSession, refuseUnknownSession } from './unknown-session.ts';

/** What is said of the connection alone (RFC 9110 §7.6.1), and what was answered already. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** What is passed on at the moment. */
export type Passing = Set<{ destroy(): unknown }>;

/**
 * Has the process that has its session answer a poll. Where that process is gone, the client hears that the session is.
 *
 * @param socketPath where that process listens
 */
export function passPoll(
  message: IncomingMessage,
  response: ServerResponse,
  socketPath: string,
  passing: Passing,
): void {
  const onward = open(message, socketPath, passing, false);
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, pairsOf(answer));
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  onward.on('error', () => {
    if (response.headersSent) response.destroy();
    else answerUnknownSession(response);
  });
  // The process has to hear that nobody waits for the answer any more.
  response.on('close', () => onward.destroy());
  message.pipe(onward);
}

/**
 * Has the process that has its session take an upgrade; what client and process say goes through this one from then on.
 */
export function passUpgrade(lent: LentUpgrade, socketPath: string, passing: Passing): void {
  const { socket, head, fields } = lent;
  const onward = open(lent.message as IncomingMessage, socketPath, passing, true);
  onward.on('upgrade', (answer, peer, early) => {
    socket.write(headOf(answer, fields));
    if (early.byteLength > 0) socket.write(early);
    if (head.byteLength > 0) peer.write(head);
    relay(socket, peer, passing);
  });
  onward.on('response', (answer) => {
    socket.write(headOf(answer, [['connection', 'close']]));
    answer.on('error', () => socket.destroy());
    answer.pipe(socket);
  });
  onward.on('error', () => refuseUnknownSession(socket));
  socket.on('error', () => {}).on('close', () => onward.destroy());
  onward.end();
}

/** What each says goes to the other; the end of either is that of both, whether it came with a FIN or without. */
function relay(socket: Duplex, peer: Duplex, passing: Passing): void {
  const both = { destroy: () => [socket, peer].forEach((each) => each.destroy()) };
  passing.add(both);
  socket.on('close', () => {
    passing.delete(both);
    peer.destroy();
  });
  peer
    .on('error', () => {})
    .on('close', () => {
      // A process that ended it has said its last, which still has to reach the client.
      if (peer.readableEnded) socket.end(() => socket.destroy());
      else socket.destroy();
    });
  socket.pipe(peer).pipe(socket);
}

function open(message: IncomingMessage, socketPath: string, passing: Passing, isUpgrade: boolean): ClientRequest {
  const headers = Object.entries(message.headers).filter(([name]) => !OF_THE_CONNECTION.has(name));
  const onward = request({
    socketPath,
    method: message.method,
    path: message.url,
    // Each has a connection of its own: one that is kept might be closed under a request.
    agent: false,
    headers: {
      ...Object.fromEntries(headers),
      ...(isUpgrade ? { connection: 'Upgrade', upgrade: message.headers.upgrade } : {}),
    },
  });
  passing.add(onward);
  return onward.on('close', () => passing.delete(onward));
}

function pairsOf({ rawHeaders }: IncomingMessage): string[] {
  const pairs: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) pairs.push(name, rawHeaders[index + 1] as string);
  }
  return pairs;
}

function headOf(answer: IncomingMessage, fields: Iterable<readonly [string, string]>): string {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  const { rawHeaders } = answer;
  for (let index = 0; index < rawHeaders.length; index += 2)
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  for (const [name, value] of fields) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
