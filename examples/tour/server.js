// A walk through Portlight: every card of the page calls one of these routes, and shows its lines.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HttpError, HttpResponse, HttpServer, Router } from 'portlight';
import { z } from 'zod';
import { MODES } from './cards.js';
import { seatGuests } from './guests.js';
import { readDocs, renderDoc } from './render-doc.js';
import { renderPage } from './render-page.js';

const address = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8080);
const [, , mode = 'concurrent'] = process.argv;
/** Where start.js is told which mode is wanted; `undefined` where this file was started by itself. */
const control = process.env.TOUR_CONTROL;

const page = renderPage({ mode, canSwitch: control !== undefined });
const here = fileURLToPath(new URL('.', import.meta.url));
const docs = readDocs();
const repository = fileURLToPath(new URL('../..', import.meta.url));

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
const said = z.object({ text: z.string().trim().min(1, 'Say something first.').max(500) });

const topicOf = ({ params }) => `chat:${params.room}`;
/** By its id a page that comes back knows what it shows already. */
const tell = (topic, message) => server.publish(topic, { id: randomUUID(), ...message });
const say = (request, { text }) => tell(topicOf(request), { kind: 'said', from: request.query.name, text });

/** Whether a browser on this machine asks, for a page of this server and by no proxy for others. */
const isOfThisMachine = ({ ip, url }) =>
  ['127.0.0.1', '::1'].includes(ip) && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);

async function* countDown() {
  for (let count = 5; count > 0; count--) {
    yield `${count} … `;
    await delay(400);
  }
  yield 'light!\n';
}

const text = { headers: { 'content-type': 'text/plain; charset=utf-8' } };
const json = { 'content-type': 'application/json' };
const leaving = new AbortController();

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
  .get(/\/v(?<version>\d+)\/.*/, ({ params, path }) => ({ version: Number(params.version), path }))
  .get('/visits', ({ cookies }) => {
    const count = (Number(cookies.visits) || 0) + 1;
    return HttpResponse.text(`Visit ${count}.`).cookie('visits', String(count), { httpOnly: true, sameSite: 'lax' });
  })
  .post('/photos', { body: z.object({ file: z.instanceof(File) }), maxBodyBytes: 2_000_000 }, ({ body: { file } }) => {
    if (file.size === 0) throw new HttpError(400, 'Choose a file first.');
    return { name: file.name, type: file.type, bytes: file.size };
  })
  .get('/limited', { rateLimit: { max: 3, windowSeconds: 10 } }, () => 'One more.')
  .get('/count', () => HttpResponse.stream(countDown(), text))
  .get('/broken', () => {
    throw new Error('Only the log shows this sentence.');
  })
  .get('/source/*path', ({ params }) => HttpResponse.file(params.path, { root: here }))
  .get('/docs/*path', ({ path }) => {
    const doc = docs.get(path);
    if (doc === undefined) throw new HttpError(404, `There is no page ${path}.`);
    return HttpResponse.html(renderDoc(doc, path, docs));
  })
  .get('/examples/*path', ({ params }) => HttpResponse.file(params.path, { root: `${repository}examples`, ...text }))
  .mount('/books', shelf)
  // One topic for each room: who comes by a WebSocket and who comes by an event stream get the same, in the same order.
  .history('chat:*', { size: 50 })
  .onPresence('chat:*', async ({ topic, kind, member }) => {
    const members = (await server.presence(topic)).map((each) => each.member);
    await tell(topic, { kind, member, members });
  })
  .accept(
    '/chat/:room',
    { ...chat, message: said },
    {
      open: (channel) => channel.join(topicOf(channel), { member: channel.request.query.name, since: 'earliest' }),
      message: async (message, channel) => void (await say(channel.request, message)),
      // Who sent what is no message is told why, and stays.
      error(error, channel) {
        if (error.status !== 400) throw error;
        channel.json({ kind: 'refused', why: error.errors?.[0].message ?? error.message });
      },
    },
  )
  .events('/chat/:room', chat, (stream, { query }) =>
    stream.join(topicOf(stream), { member: query.name, since: stream.lastEventId ?? 'earliest' }),
  )
  .post('/chat/:room', { ...chat, body: said }, async (request) => {
    await say(request, request.body);
    return new HttpResponse(null, { status: 202 });
  })
  .get('/mode', () => ({ mode }))
  .post('/mode', { body: z.object({ mode: z.enum(Object.keys(MODES)) }) }, async (request) => {
    if (!isOfThisMachine(request)) throw new HttpError(403, 'Only who sits at this machine may switch.');
    if (control === undefined) throw new HttpError(409, 'Without start.js nobody would start it again.');
    await fetch(control, { method: 'POST', body: JSON.stringify(request.body.mode), headers: json });
    return new HttpResponse(null, { status: 202 });
  })
  .ping()
  .ready()
  .setHeader('x-content-type-options', 'nosniff')
  .onStart(() => {
    const { port } = server.getAddress();
    const url = `http://${address}:${port}/`;
    // start.js keeps the port. Where that is killed, nobody is left to end this.
    process.send?.({ port });
    process.once('disconnect', () => void server.shutdown());
    process.channel?.unref();
    void seatGuests(`${url}chat/jetty`, leaving.signal);
    console.log(`The tour is at ${url} (Ctrl+C ends it)`);
  })
  .onShutdown(() => leaving.abort());

const { reason, durationMs, drained, forced } = await server.run({ mode });
console.log(`Stopped by ${reason} after ${durationMs} ms: ${drained} connections drained, ${forced} forced.`);
