import express from 'express';
import { created, HELLO, NEIGHBOURS, port, user } from '../app.js';
import { person } from '../schema.js';

const app = express().disable('x-powered-by').disable('etag');
for (const pattern of NEIGHBOURS) app.get(pattern, (_request, response) => response.send('neighbour'));
app.get('/', (_request, response) => response.type('text/plain').send(HELLO));
app.get('/users/:id', (request, response) => response.json(user(request.params.id)));
app.post('/people', express.json(), (request, response) => response.json(created(person.parse(request.body))));
app.listen(port, '127.0.0.1');
