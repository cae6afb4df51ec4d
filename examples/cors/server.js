// An API that pages of another origin may call.
import { HttpServer } from 'portlight';
import { cors } from './cors.js';

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080))
  .apply(cors({ origins: ['https://app.example'] }))
  .get('/time', () => ({ now: new Date().toISOString() }))
  .onStart(() => console.log(`The API is at http://127.0.0.1:${server.getAddress().port}/time`));

await server.run();
