// What the socket alone can do where each request has a connection of its own: node:net with a canned answer; nothing
// is parsed.
import { createServer } from 'node:net';
import { HELLO, port } from '../app.js';

const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${HELLO.length}\r\nconnection: close\r\n\r\n${HELLO}`,
);

createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.end(answer));
  socket.on('error', () => socket.destroy());
}).listen(port, '127.0.0.1');
