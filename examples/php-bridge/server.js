// The connections of a PHP app. PHP says who may connect, is told what clients say, and publishes by the bridge.
import { HttpError, HttpServer } from 'portlight';

const { PHP_URL = 'http://127.0.0.1:8000', BRIDGE_SECRET, PORT = 8080 } = process.env;

const noAnswer = (cause) => {
  throw new HttpError(503, 'The app does not answer.', { cause, expose: true });
};

/** Asks the PHP app in the name of who has opened the connection: with their cookie, so in their session. */
async function askPhp(path, { headers }, body) {
  const response = await fetch(new URL(path, PHP_URL), {
    method: body === undefined ? 'GET' : 'POST',
    headers: { cookie: headers.get('cookie') ?? '', 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(5_000),
  }).catch(noAnswer);
  // A page about an error of PHP is no answer either.
  const answer = await response.json().catch(noAnswer);
  if (!response.ok) throw new HttpError(response.status, answer.reason);
  return answer;
}

const server = new HttpServer('127.0.0.1', Number(PORT))
  .websocket({ origins: ['self', new URL(PHP_URL).origin] })
  .bridge('/_publish', { secrets: { php: BRIDGE_SECRET } })
  .accept('/chat', {
    async upgrade(request) {
      request.state.user = (await askPhp('/who.php', request)).user;
    },
    async open(channel) {
      await channel.join('chat', { member: channel.request.state.user });
      // From here on nothing passes by; what came before, the page asks PHP for.
      channel.json({ ready: true });
    },
    async message(text, channel) {
      await askPhp('/say.php', channel.request, JSON.stringify({ text }));
    },
    error(error, channel) {
      channel.json({ refused: error.message });
    },
  })
  .onStart(() => console.log(`connections at http://127.0.0.1:${server.getAddress().port}`));

await server.run();
