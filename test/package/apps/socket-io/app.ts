import { socketIo } from '@portlight/socket.io';
import { HttpServer } from 'portlight';
import { connect } from 'socket.io-client';

interface Heard {
  ask: (name: string, answer: (text: string) => void) => void;
}

const server = new HttpServer('127.0.0.1', 0);
const io = socketIo<Heard>(server, { pingInterval: 1_000 });
io.on('connection', (socket) => {
  socket.on('ask', (name, answer) => answer(`Hello, ${name}!`));
});
await server.start();
const socket = connect(`http://127.0.0.1:${server.getAddress().port}`);
console.log(await socket.emitWithAck('ask', '7'));
socket.disconnect();
const { forced } = await server.shutdown();
console.log(forced);
