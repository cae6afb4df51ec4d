import { H3, readValidatedBody, serve } from 'h3';
import { created, HELLO, NEIGHBOURS, port, user } from '../app.js';
import { person } from '../schema.js';

const app = new H3();
for (const pattern of NEIGHBOURS) app.get(pattern, () => 'neighbour');
app.get('/', () => HELLO);
app.get('/users/:id', (event) => user(event.context.params.id));
app.post('/people', async (event) => created(await readValidatedBody(event, person)));
serve(app, { port, hostname: '127.0.0.1', silent: true });
