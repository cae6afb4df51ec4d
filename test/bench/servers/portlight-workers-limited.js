// One rate limit for all processes, by a key that clients send.
import { HttpServer } from 'portlight';
import { HELLO, port, PROCESSES } from '../app.js';

await new HttpServer('127.0.0.1', port)
  .setMaxProcesses(PROCESSES)
  .debug(false)
  .setRateLimit(1_000, 60, { key: (request) => request.headers.get('x-key') ?? '' })
  .get('/', () => HELLO)
  .run({ mode: 'workers' });
