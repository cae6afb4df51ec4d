import { Router } from '@koa/router';
import Koa from 'koa';
import { created, HELLO, NEIGHBOURS, port, user } from '../app.js';
import { person } from '../schema.js';

const router = new Router();
for (const pattern of NEIGHBOURS) router.get(pattern, (context) => void (context.body = 'neighbour'));
router.get('/', (context) => void (context.body = HELLO));
router.get('/users/:id', (context) => void (context.body = user(context.params.id)));
router.post('/people', async (context) => {
  const chunks = [];
  for await (const chunk of context.req) chunks.push(chunk);
  context.body = created(person.parse(JSON.parse(Buffer.concat(chunks))));
});
new Koa().use(router.routes()).listen(port, '127.0.0.1');
