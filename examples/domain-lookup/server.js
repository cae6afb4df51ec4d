// Which domains are free? Asks many registries at once, and answers as JSON, or as an event stream that fills in.
import { readFile } from 'node:fs/promises';
import { HttpResponse, HttpServer } from 'portlight';
import { z } from 'zod';
import { lookUp } from './look-up.js';
import { startPretendRegistries } from './pretend-registries.js';
import { within } from './within.js';

/** How long all lookups of a request may take together. Each registry has a deadline of its own besides. */
const ALL_MS = Number(process.env.ALL_MS ?? 5_000);

const page = await readFile(new URL('page.html', import.meta.url), 'utf8');
const file = process.env.REGISTRIES;
const registries = new Map(
  Object.entries(file === undefined ? await startPretendRegistries() : JSON.parse(await readFile(file, 'utf8'))),
);

const names = z.union([
  z.array(z.string().max(253)).max(50),
  z
    .string()
    .max(253)
    .transform((one) => [one]),
]);
const asked = {
  query: z.object({ domain: names.transform((all) => [...new Set(all)]) }),
  rateLimit: { max: 30, windowSeconds: 60 },
};

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080))
  .get('/', () => HttpResponse.html(page))

  // All end with the request: who is gone waits for no answer.
  .get('/lookup', asked, ({ query, signal }) =>
    within(ALL_MS, signal, async (inTime) => {
      const answers = query.domain.map(async (name) => [name, await lookUp(name, registries, inTime)]);
      return Object.fromEntries(await Promise.all(answers));
    }),
  )

  .events('/lookup', asked, (stream, { query, signal }) =>
    within(ALL_MS, signal, async (inTime) => {
      const answers = query.domain.map(async (domain) => {
        stream.send({ event: 'answer', data: { domain, answer: await lookUp(domain, registries, inTime) } });
      });
      await Promise.all(answers);
      stream.send({ event: 'done', data: 'all' });
      stream.close();
    }),
  )

  .onStart(() => console.log(`Open http://127.0.0.1:${server.getAddress().port}/`));

await server.run();
