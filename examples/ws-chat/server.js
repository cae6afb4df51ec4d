// A chat with rooms over WebSockets, served by several child processes that share rooms, members and what was said.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { HttpResponse, HttpServer } from 'portlight';
import { z } from 'zod';

const page = await readFile(new URL('page.html', import.meta.url), 'utf8');

const short = z.string().trim().normalize().min(1).max(30);
// '0' and '' are messages as any other.
const message = z.object({ text: z.string().max(2_000) });

const roomOf = ({ params }) => `room:${params.room}`;
const lobbyOf = ({ params }) => `who:${params.room}`;
const membersOf = async (lobby) => (await server.presence(lobby)).map(({ member }) => member);

const chat = {
  // Who wrote what is no message is told so, and may try again. Anything else closes with 1011.
  error(error, channel) {
    if (error.status === 400) channel.json({ kind: 'refused', why: error.errors?.[0].message ?? error.message });
    else throw error;
  },

  async open(channel) {
    const { name } = channel.request.query;
    await channel.join(lobbyOf(channel), { member: name });
    channel.json({ kind: 'here', members: await membersOf(lobbyOf(channel)), process: process.pid });
    await channel.join(roomOf(channel), { since: 'earliest' });
  },

  async message({ text }, channel) {
    const { name } = channel.request.query;
    // The writer gets it as all others do, in one order for all. By its id a page that came back knows what it has.
    await server.publish(roomOf(channel), { kind: 'said', id: randomUUID(), from: name, text, at: Date.now() });
  },
};

const asWho = { params: z.object({ room: short }), query: z.object({ name: short }) };

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080))
  .setMaxProcesses(3)
  .websocket({ maxChannelsPerIp: 5, messagesPerSecond: 20, maxPayloadBytes: 16_384 })
  .get('/', () => HttpResponse.html(page))
  .history('room:*', { size: 50 })
  .onPresence('who:*', async ({ topic, kind, member }) =>
    server.publish(topic, { kind, member, members: await membersOf(topic) }),
  )
  .accept('/rooms/:room', { ...asWho, message }, chat)
  // A browser tells no page why a WebSocket was refused. The page asks here: 400 where the name or the room is none.
  .get('/rooms/:room', asWho, () => undefined)
  .onStart(() => console.log(`Open http://127.0.0.1:${server.getAddress().port}/ in two windows.`));

await server.run({ mode: process.argv[2] ?? 'workers' });
