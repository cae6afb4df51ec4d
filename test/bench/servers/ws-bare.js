// The baseline of WebSockets: ws by hand. Echo at /echo; at /room a message "n" is answered by n messages to everybody
// there.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { port } from '../app.js';

const server = createServer();
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const room = new Set();
server.on('upgrade', (request, socket, head) =>
  sockets.handleUpgrade(request, socket, head, (websocket) => {
    if (request.url === '/echo')
      websocket.on('message', (data, isBinary) => websocket.send(data, { binary: isBinary }));
    else {
      room.add(websocket);
      websocket.on('message', (data) => {
        for (let left = Number(data); left > 0; left -= 1)
          for (const member of room) member.send('a message of the usual length, about fifty bytes');
      });
      websocket.on('close', () => room.delete(websocket));
    }
  }),
);
server.listen(port, '127.0.0.1');
