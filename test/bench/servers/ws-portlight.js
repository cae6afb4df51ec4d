import { HttpServer } from 'portlight';
import { port } from '../app.js';

const server = new HttpServer('127.0.0.1', port, { websocket: { messagesPerSecond: 1_000_000 } });
await server
  .accept('/echo', (message) => message)
  .accept('/room', {
    open: (channel) => channel.join('room'),
    message(data) {
      for (let left = Number(data); left > 0; left -= 1)
        void server.publish('room', 'a message of the usual length, about fifty bytes');
    },
  })
  .start();
