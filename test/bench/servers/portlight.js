import { HttpServer } from 'portlight';
import { created, HELLO, NEIGHBOURS, port, user } from '../app.js';
import { person } from '../schema.js';

const server = new HttpServer('127.0.0.1', port);
for (const pattern of NEIGHBOURS) server.get(pattern, () => 'neighbour');
await server
  .get('/', () => HELLO)
  .get('/users/:id', (request) => user(request.params.id))
  .post('/people', { body: person }, (request) => created(request.body))
  .start();
