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
  .get('/count', (request) => HttpResponse.stream(countDown(request), { headers: { 'content-type': 'text/plain; charset=utf-8' } }))
  .get('/broken', () => {
    throw new Error('Only the log shows this sentence.');
  })
  .mount('/books', shelf)
  .ping()
  .ready()
  .setHeader('x-content-type-options', 'nosniff')
  .onStart(() => console.log(`The tour is at http://${address}:${server.getAddress().port}/ (Ctrl+C ends it)`));

const report = await server.run();
console.log(`Stopped by ${report.reason} after ${report.durationMs} ms: ${report.drained} connections drained, ${report.forced} forced.`);
