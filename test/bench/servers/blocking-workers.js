// A handler that blocks its process for two seconds, in the mode 'workers'.
import { HttpServer } from 'portlight';
import { block, HELLO, port, PROCESSES } from '../app.js';

await new HttpServer('127.0.0.1', port)
  .setMaxProcesses(PROCESSES)
  .debug(false)
  .get('/', () => HELLO)
  .get('/block', () => {
    block();
    return HELLO;
  })
  .run({ mode: 'workers' });
