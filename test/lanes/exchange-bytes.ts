import { connect } from 'node:net';
import { sortHeads } from './read-wire.ts';

const PATIENCE_MS = 20_000;

/** What came for some bytes, with the fields of each head in one order, and how the connection ended. */
export interface Answer {
  readonly received: string;
  readonly end: 'FIN' | 'RST' | 'silent';
}

/** Sends bytes, a character for each, closes this side, and resolves to what came until the server closed the other. */
export function exchangeBytes(port: number, bytes: string): Promise<Answer> {
  return new Promise((resolve) => {
    let received = '';
    let end: Answer['end'] = 'silent';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }, () =>
      socket.end(bytes, 'latin1'),
    );
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (received += text));
    socket.on('end', () => (end = 'FIN'));
    socket.on('error', () => (end = end === 'FIN' ? end : 'RST'));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ received: sortHeads(received), end });
    });
  });
}
