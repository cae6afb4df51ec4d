// A walk through Portlight: every card of page.html calls one of these routes.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { HttpError, HttpResponse, HttpServer, Router } from 'portlight';
import { z } from 'zod';

const page = await readFile(new URL('page.html', import.meta.url), 'utf8');
const address = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8080);

const book = z.object({ title: z.string().min(1), year: z.int().min(1450).max(2100) });
const books = new Map([[1, { title: 'A Book of Harbours', year: 1911 }]]);

const shelf = new Router()
  .get('/', () => [...books].map(([id, each]) => ({ id, ...each })))
  .get('/:id', { params: z.object({ id: z.coerce.number().int() }) }, ({ params }) => {
    const found = books.get(params.id);
    if (found === undefined) throw new HttpError(404, `There is no book ${params.id}.`, { code: 'NO_SUCH_BOOK' });
    return found;
  })
  .post('/', { body: book }, ({ body }) => {
    const id = books.size + 1;
    books.set(id, body);
    return HttpResponse.json({ id, ...body }, { status: 201, headers: { location: `/books/${id}` } });
  });

const chat = {
  params: z.object({ room: z.string().max(60) }),
  query: z.object({ name: z.string().trim().min(1).max(30).default('Somebody') }),
};
const said = z.object({ text: z.string().trim().min(1).max(500) });

const topicOf = ({ params }) => `chat:${params.room}`;
const say = (request, { text }) => server.publish(topicOf(request), { kind: 'said', from: request.query.name, text });

async function* countDown({ signal }) {
  for (let count = 5; count > 0; count--) {
    yield `${count} … `;
    await delay(400, undefined, { signal });
  }
  yield 'light!\n';
}

const server = new HttpServer(address, port)
  .use(async (request, next) => {
    const startedAt = performance.now();
    const response = await next();
    return response.header('server-timing', `app;dur=${(performance.now() - startedAt).toFixed(1)}`);
  })
  .get('/', () => HttpResponse.html(page))
  .get('/hello/:name', ({ params }) => `Hello, ${params.name}!`)
  .get('/hello/harbour', () => 'A static segment goes before a parameter, whatever the order.')
  .get('/files/*path', ({ params }) => ({ path: params.path }))
  .get('/count', (request) =>
    HttpResponse.stream(countDown(request), { headers: { 'content-type': 'text/plain; charset=utf-8' } }),
  )
  .get('/broken', () => {
    throw new Error('Only the log shows this sentence.');
  })
  .mount('/books', shelf)
  // One topic for each room: who comes by a WebSocket and who comes by an event stream get the same, in the same order.
  .history('chat:*', { size: 50 })
  .onPresence('chat:*', async ({ topic, kind, member }) => {
    const members = (await server.presence(topic)).map((each) => each.member);
    await server.publish(topic, { kind, member, members });
  })
  .accept(
    '/chat/:room',
    { ...chat, message: said },
    {
      open: (channel) => channel.join(topicOf(channel), { member: channel.request.query.name, since: 'earliest' }),
      message: async (message, channel) => void (await say(channel.request, message)),
    },
  )
  .events('/chat/:room', chat, (stream, { query }) =>
    stream.join(topicOf(stream), { member: query.name, since: stream.lastEventId ?? 'earliest' }),
  )
  .post('/chat/:room', { ...chat, body: said }, async (request) => {
    await say(request, request.body);
    return new HttpResponse(null, { status: 202 });
  })
  .ping()
  .ready()
  .setHeader('x-content-type-options', 'nosniff')
  .onStart(() => console.log(`The tour is at http://${address}:${server.getAddress().port}/ (Ctrl+C ends it)`));

const report = await server.run();
console.log(
  `Stopped by ${report.reason} after ${report.durationMs} ms: ${report.drained} connections drained, ${report.forced} forced.`,
);
