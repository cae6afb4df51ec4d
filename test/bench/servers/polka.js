import polka from 'polka';
import { created, HELLO, NEIGHBOURS, port, user } from '../app.js';
import { person } from '../schema.js';

function json(response, value) {
  const body = JSON.stringify(value);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const app = polka();
for (const pattern of NEIGHBOURS) app.get(pattern, (_request, response) => response.end('neighbour'));
app.get('/', (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'content-length': HELLO.length });
  response.end(HELLO);
});
app.get('/users/:id', (request, response) => json(response, user(request.params.id)));
app.post('/people', (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => json(response, created(person.parse(JSON.parse(Buffer.concat(chunks))))));
});
app.listen(port, '127.0.0.1');
