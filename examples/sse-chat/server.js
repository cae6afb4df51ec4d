// A chat over server-sent events: to all or to one, several tabs for each name, and a letter box for who is away.
import { readFile } from 'node:fs/promises';
import { HttpResponse, HttpServer } from 'portlight';
import { z } from 'zod';

const page = await readFile(new URL('page.html', import.meta.url), 'utf8');

const name = z.string().trim().normalize().min(1).max(30);
const message = z.object({ to: name.or(z.literal('')).default(''), text: z.string().trim().min(1).max(2_000) });
const asWho = { query: z.object({ name }) };

/** Where lies what was written to one name only, whether or not it is there. */
const boxOf = (owner) => `box:${owner}`;

/** Who is there. The first tab of a name brings it in, the last one takes it out. */
const online = async () => (await server.presence('chat')).map(({ member }) => member);

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080))
  .get('/', () => HttpResponse.html(page))
  // Of what is said to all, enough for a browser that comes back; what is said to one waits until it comes.
  .history('chat', { size: 200, ttlMs: 600_000 })
  .history('box:*', { size: 200 })

  .events('/chat', asWho, async (stream, { query }) => {
    // A browser that comes back goes on behind the last it saw, in both topics; a new tab gets what came meanwhile.
    const since = stream.lastEventId === undefined ? 'left' : undefined;
    await Promise.all([
      stream.join('chat', { member: query.name }),
      stream.join(boxOf(query.name), { member: query.name, since }),
    ]);
    stream.send({ event: 'online', data: await online() });
  })

  .onPresence('chat', async ({ kind, member }) =>
    server.publish('chat', { name: member, at: Date.now(), online: await online() }, { event: kind }),
  )

  .post('/chat', { ...asWho, body: message, rateLimit: { max: 50, windowSeconds: 10 } }, async ({ query, body }) => {
    const said = { from: query.name, ...body, at: Date.now() };
    const { subscribers } = await server.publish(said.to === '' ? 'chat' : boxOf(said.to), said);
    // What goes to one is shown in the writer's own tabs too, with what became of it.
    if (said.to !== '' && said.to !== said.from)
      await server.publish(boxOf(said.from), { ...said, isOffline: subscribers === 0 });
  })

  .onStart(() => console.log(`Open http://127.0.0.1:${server.getAddress().port}/ in two windows.`));

await server.run();
