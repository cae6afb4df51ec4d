// A waiting room: who has connected may look in, and everybody is told who is there.
import { HttpServer } from 'portlight';

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080), {
  identify: (request) => request.header('x-name') ?? '',
  clientIdleMs: 60_000,
})
  .connectionRequired()
  .connect((client) => console.log(`${client.id} came in.`))
  .disconnect((client, _clients, reason) => console.log(`${client.id} left (${reason}).`))
  .get('/room', async () => (await server.clients.list()).map(({ id }) => id))
  .onStart(() =>
    console.log(`Ask for http://127.0.0.1:${server.getAddress().port}/connect with X-Name: ada, then for /room.`),
  );

await server.run();
