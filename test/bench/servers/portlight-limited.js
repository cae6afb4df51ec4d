// What the rate limit alone costs: one policy by address, with its header fields.
import { HttpServer } from 'portlight';
import { HELLO, port } from '../app.js';

await new HttpServer('127.0.0.1', port)
  .setRateLimit(1_000_000_000, 60)
  .get('/', () => HELLO)
  .start();
