// What an observer of finished requests costs, one that counts them.
import { HttpServer } from 'portlight';
import { HELLO, port } from '../app.js';

let finished = 0;

await new HttpServer('127.0.0.1', port)
  .onFinish(() => void finished++)
  .get('/', () => HELLO)
  .start();
