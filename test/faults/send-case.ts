import { connect } from 'node:net';

const PATIENCE_MS = 20_000;

/** How a client behaves: it closes its side after the bytes, sends them in two pieces, or goes away without a word. */
export type Manner = 'at once' | 'in pieces' | 'reset';

/** Sends bytes, a character for each, closes this side, and resolves to what came until the server closed the other. */
export function sendCase(port: number, bytes: string, manner: Manner): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`The connection did not end. What came: ${JSON.stringify(received)}`));
    }, PATIENCE_MS);
    socket.setEncoding('latin1');
    socket.on('connect', () => send());
    socket.on('data', (text: string) => (received += text));
    socket.on('end', () => socket.end());
    // A reset is a way to close; what came before it is judged all the same.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
    const send = (): void => {
      if (manner === 'at once') socket.end(bytes, 'latin1');
      else if (manner === 'reset') socket.write(bytes, 'latin1', () => socket.resetAndDestroy());
      else {
        const middle = bytes.length >> 1;
        socket.write(bytes.slice(0, middle), 'latin1', () =>
          setImmediate(() => socket.end(bytes.slice(middle), 'latin1')),
        );
      }
    };
  });
}
