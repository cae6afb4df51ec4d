import { connect, type Socket } from 'node:net';

const PATIENCE_MS = 20_000;

/** Sends pieces as packets of their own, and resolves to what came when the server has closed. */
export function sendPieces(port: number, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(new Error(`The server did not close. What came: ${JSON.stringify(received)}`)),
      PATIENCE_MS,
    );
    socket.setEncoding('latin1');
    socket.on('connect', () => sendNext(socket, pieces, 0));
    socket.on('data', (text: string) => (received += text));
    socket.on('end', () => socket.end());
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
  });
}

/** One turn of the loop lies between two pieces, so that the other process can read the first alone. */
function sendNext(socket: Socket, pieces: readonly string[], index: number): void {
  const piece = pieces[index];
  if (piece === undefined || !socket.writable) return;
  socket.write(piece, 'latin1', () => setImmediate(() => sendNext(socket, pieces, index + 1)));
}
