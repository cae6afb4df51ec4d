import { HttpServer } from 'portlight';

const server = new HttpServer('127.0.0.1', 3000)
  .get('/hello/:name', ({ params }) => `Hello, ${params.name}!`)
  .get('/time', () => ({ now: new Date() }))
  .accept('/echo', (message) => message);

await server.run();
