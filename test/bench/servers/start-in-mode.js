// Prints how many milliseconds it took until it listened, and ends. Arguments: the mode, and how many processes.
import { HttpServer } from 'portlight';
import { HELLO } from '../app.js';

const [, , mode, processes] = process.argv;
const server = new HttpServer('127.0.0.1', 0)
  .setMaxProcesses(Number(processes))
  .debug(false)
  .get('/', () => HELLO);
server.onStart(() => {
  console.log(Math.round(performance.now()));
  setImmediate(() => void server.shutdown());
});
await server.run({ mode });
