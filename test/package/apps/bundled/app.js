// Uses everything of Portlight that stands on a library. What is asked of it is in test/package/feature-calls.ts.
import { HttpResponse, HttpServer } from 'portlight';
import { openChannel, openEvents } from 'portlight/testing';
import { z } from 'zod';

const FILES = process.env.FILES;

function register(server) {
  return server
    .get('/cookies', (request) => HttpResponse.json(request.cookies).cookie('sid', 'a b', { httpOnly: true, maxAge: 60 }))
    .post('/json', (request) => request.json())
    .post('/checked', { body: z.object({ n: z.number().max(9) }), maxBodyBytes: 100 }, (request) => request.body)
    .post('/form', async (request) => {
      const form = await request.formData({ memoryBytes: 10 });
      return Promise.all([...form].map(async ([name, value]) => (typeof value === 'string' ? [name, value] : [name, value.name, value.path !== undefined, await value.text()])));
    })
    .get('/download', () => HttpResponse.file('plain.txt', { root: FILES, download: 'Übersicht.txt' }))
    .get('/file/*path', (request) => HttpResponse.file(request.params.path, { root: FILES, precompressed: true }))
    .get('/limited', { rateLimit: { max: 1, windowSeconds: 60 } }, () => 'once')
    .accept('/echo', (message) => message)
    .accept('/checked', { message: z.object({ n: z.number() }) }, ({ n }) => ({ n: n + 1 }))
    .events('/events', (stream) => {
      stream.send({ event: 'greeting', data: { hello: 'world' } });
      stream.close();
    })
    .get('/testing', () => testPortless())
    .get('/wrong-options', () => [() => new HttpServer('127.0.0.1', 0, { maxBodyBytes: '1mb' }), () => new HttpServer().websocket({ slowClient: 'x' }), () => new HttpServer().get('/', { summary: 1 }, () => '')].map(messageOf));
}

async function testPortless() {
  const portless = new HttpServer().accept('/', (message) => message.toUpperCase()).events('/feed', (stream) => void stream.send({ data: 'first' }));
  const channel = await openChannel(portless, '/');
  channel.send('loud');
  const events = await openEvents(portless, '/feed');
  const answers = [await channel.next(), (await events.next()).data];
  channel.close();
  await events.close();
  await portless.shutdown();
  return answers;
}

function messageOf(call) {
  try {
    return call();
  } catch (error) {
    return error.message;
  }
}

async function main() {
  const options = { mimeTypes: { own: 'text/x-own' }, websocket: { perMessageDeflate: true } };
  const server = register(new HttpServer('127.0.0.1', 0, options).setRateLimit(1000, 60));
  const tls = process.env.KEY === undefined ? undefined : register(new HttpServer('127.0.0.1', 0, { ...options, tls: { key: process.env.KEY, cert: process.env.CERT } }));
  await tls?.start();
  server.onStart(() => console.log(`listening ${server.getAddress().port} ${tls?.getAddress().port ?? 0}`));
  await server.run();
  await tls?.shutdown();
}

main();
