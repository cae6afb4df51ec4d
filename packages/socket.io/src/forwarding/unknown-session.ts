import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** As engine.io says it (`Server.errorMessages`). */
const BODY = JSON.stringify({ code: 1, message: 'Session ID unknown' });

/** Says what engine.io says of a session that it does not know: the client begins a new one. */
export function answerUnknownSession(response: ServerResponse): void {
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end(BODY);
}

/** Says it of an upgrade. */
export function refuseUnknownSession(socket: Duplex): void {
  const fields = `connection: close\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}`;
  socket.end(`HTTP/1.1 400 Bad Request\r\n${fields}\r\n\r\n${BODY}`);
}
