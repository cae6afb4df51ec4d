import { HttpServer } from 'portlight';

const server = new HttpServer('127.0.0.1', 0).get('/users/:id', (request) => `Hello, ${request.params.id}!`);
await server.start();
const response = await fetch(`http://127.0.0.1:${server.getAddress().port}/users/7`);
console.log(response.status, await response.text());
await server.shutdown();
