import { HttpServer } from 'portlight';
import { HELLO, port, PROCESSES } from '../app.js';

await new HttpServer('127.0.0.1', port)
  .setMaxProcesses(PROCESSES)
  .debug(false)
  .get('/', () => HELLO)
  .run({ mode: 'workers' });
