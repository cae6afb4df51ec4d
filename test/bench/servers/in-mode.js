// A server in the mode of the environment, with a handler that blocks its process. At most eight child processes.
import { HttpServer } from 'portlight';
import { HELLO, port } from '../app.js';

const { MODE: mode } = process.env;

await new HttpServer('127.0.0.1', port)
  .setMaxProcesses(8)
  .debug(false)
  .get('/', () => HELLO)
  .get('/block', ({ query }) => {
    const endsAt = performance.now() + Number(query.ms);
    while (performance.now() < endsAt);
    return HELLO;
  })
  .run({ mode });
