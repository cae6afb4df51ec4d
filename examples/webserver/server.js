// A small web server: files, kept connections, chunks, trailers, 100-continue, and some patience with slow clients.
import { fileURLToPath } from 'node:url';
import { HttpResponse, HttpServer } from 'portlight';
import { count } from './count.js';
import { wireOf } from './wire.js';

const root = fileURLToPath(new URL('public', import.meta.url));

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080), { headersTimeoutMs: 2_000 })
  .get('/', () => HttpResponse.file('page.html', { root: fileURLToPath(new URL('.', import.meta.url)) }))
  .files('/files', root)
  .get('/count', count)
  .post('/upload', { maxBodyBytes: 1_000 }, async (request) => {
    let bytes = 0;
    for await (const chunk of request.stream()) bytes += chunk.byteLength;
    return { bytes, trailers: Object.fromEntries(request.trailers) };
  })
  .mount(
    '/wire',
    wireOf(() => server.getAddress().port),
  )
  .onStart(() => console.log(`Open http://127.0.0.1:${server.getAddress().port}/`));

await server.run();
