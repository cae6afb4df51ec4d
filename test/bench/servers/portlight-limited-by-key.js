// A rate limit in one process, by a key that clients send.
import { HttpServer } from 'portlight';
import { HELLO, port } from '../app.js';

await new HttpServer('127.0.0.1', port)
  .setRateLimit(1_000, 60, { key: (request) => request.headers.get('x-key') ?? '' })
  .get('/', () => HELLO)
  .start();
