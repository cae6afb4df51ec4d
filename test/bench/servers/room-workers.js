// A room whose members are on two processes.
import { HttpServer } from 'portlight';
import { port, PROCESSES } from '../app.js';

const server = new HttpServer('127.0.0.1', port, { websocket: { messagesPerSecond: 1_000_000 } });
await server
  .setMaxProcesses(PROCESSES)
  .debug(false)
  .accept('/room', {
    open: (channel) => channel.join('room'),
    message(data) {
      for (let left = Number(data); left > 0; left -= 1)
        void server.publish('room', 'a message of the usual length, about fifty bytes');
    },
  })
  .run({ mode: 'workers' });
