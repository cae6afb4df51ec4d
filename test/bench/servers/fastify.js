// With the validation it compiles itself, which is its fastest.
import fastify from 'fastify';
import { created, HELLO, NEIGHBOURS, port, user } from '../app.js';

const app = fastify();
const body = {
  type: 'object',
  required: ['name', 'age'],
  properties: { name: { type: 'string' }, age: { type: 'number' } },
};
const userReply = { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' } } };
const createdReply = { type: 'object', properties: { name: { type: 'string' }, next: { type: 'number' } } };
for (const pattern of NEIGHBOURS) app.get(pattern, async () => 'neighbour');
app.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send(HELLO));
app.get('/users/:id', { schema: { response: { 200: userReply } } }, async (request) => user(request.params.id));
app.post('/people', { schema: { body, response: { 200: createdReply } } }, async (request) => created(request.body));
await app.listen({ port, host: '127.0.0.1' });
