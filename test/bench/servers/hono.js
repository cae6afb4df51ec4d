import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { created, HELLO, NEIGHBOURS, port, user } from '../app.js';
import { person } from '../schema.js';

const app = new Hono();
for (const pattern of NEIGHBOURS) app.get(pattern, (context) => context.text('neighbour'));
app.get('/', (context) => context.text(HELLO));
app.get('/users/:id', (context) => context.json(user(context.req.param('id'))));
app.post('/people', async (context) => context.json(created(person.parse(await context.req.json()))));
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' });
