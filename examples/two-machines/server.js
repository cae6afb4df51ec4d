// One of the machines. It knows nothing of the other one: what they share is on Redis.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { redis } from '@portlight/redis';
import { HttpError, HttpResponse, HttpServer } from 'portlight';
import { z } from 'zod';

const { NAME = 'North', PORT = '8080', REDIS_URL = 'redis://127.0.0.1:6379', HARBOUR } = process.env;

const page = await readFile(new URL('page.html', import.meta.url), 'utf8');

const ROOM = 'room:quay';
/** Who is in the room, and who came and left: nothing that is kept. */
const WHO = 'who:quay';

const asWho = { query: z.object({ name: z.string().trim().min(1).max(30) }) };
const said = z.object({ text: z.string().trim().min(1, 'Say something first.').max(500) });
const json = { 'content-type': 'application/json' };

/** By its id a page that comes back knows what it shows already. */
const say = (from, { text }) =>
  server.publish(ROOM, { kind: 'said', id: randomUUID(), from, text, via: NAME, at: Date.now() });
const here = () => ({ kind: 'here', machine: NAME, at: Date.now() });

/** While Redis is away the channel is open, and joins when Redis is back. So nobody waits for it here. */
function enter(channel, since) {
  const member = channel.request.query.name;
  void channel.join(WHO, { member, info: { machine: NAME } });
  void channel.join(ROOM, { since });
}

/** Whether a browser on this machine asks, for a page of this server and by no proxy for others. */
const isOfThisMachine = ({ ip, url }) =>
  ['127.0.0.1', '::1'].includes(ip) && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);

async function askHarbour(init) {
  if (HARBOUR === undefined) throw new HttpError(409, 'Nobody stops and starts this one: run start.js.');
  const response = await fetch(HARBOUR, init);
  if (response.status === 204) return undefined;
  const answer = await response.json();
  if (!response.ok) throw new HttpError(response.status, answer.detail);
  return answer;
}

const server = new HttpServer('127.0.0.1', Number(PORT), { trustProxy: ['127.0.0.1'], drainTimeoutMs: 3_000 })
  .backplane(redis(REDIS_URL, { prefix: 'two-machines' }))
  // On refusals too.
  .setHeader('x-machine', NAME)
  .get('/', () => HttpResponse.html(page))
  .history(ROOM, { size: 50 })
  .onPresence(WHO, async ({ kind, member }) => void (await server.publish(WHO, { kind, member })))
  .accept(
    '/chat',
    { ...asWho, message: said },
    {
      open(channel) {
        channel.json(here());
        enter(channel, 'earliest');
      },
      message: async (message, channel) => void (await say(channel.request.query.name, message)),
      gap: (topic, channel) => void channel.json({ kind: 'gap', topic }),
      // Who sent what is no message is told why, and stays.
      error(error, channel) {
        if (error.status !== 400) throw error;
        channel.json({ kind: 'refused', why: error.errors?.[0].message ?? error.message });
      },
    },
  )
  .events('/chat', asWho, (stream) => {
    stream.send({ data: here(), retry: 500 });
    enter(stream, stream.lastEventId ?? 'earliest');
  })
  .post('/chat', { ...asWho, body: said }, async ({ query, body }) => {
    await say(query.name, body);
    return new HttpResponse(null, { status: 202 });
  })
  // Ten in twenty seconds, by whichever machine.
  .get('/lamp', { rateLimit: { max: 10, windowSeconds: 20 } }, () => `${NAME} has lit a lamp.`)
  .get('/look', async () => {
    const members = await server.presence(WHO).catch(() => undefined);
    return { by: NAME, members, harbour: await askHarbour() };
  })
  .post('/control', { body: z.object({ what: z.string(), deed: z.string() }) }, async (request) => {
    if (!isOfThisMachine(request)) throw new HttpError(403, 'Only who sits at this machine may do that.');
    await askHarbour({ method: 'POST', body: JSON.stringify(request.body), headers: json });
    return new HttpResponse(null, { status: 202 });
  })
  .ready()
  .onStart(async () => {
    const report = async () => {
      const [{ connections, requests }] = await server.workers();
      if (process.connected) process.send({ connections, requests });
    };
    await report();
    setInterval(() => void report(), 500).unref();
    process.channel?.unref();
  });

// Where start.js is gone, nobody is left to end this.
process.once('disconnect', () => void server.shutdown());
await server.run();
