// Five requests a minute for each API key, and sixty for each address, whatever keys it makes up.
import { HttpServer, UnauthorizedError } from 'portlight';

const KEYS = new Set(['ada', 'grace']);

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080))
  .setRateLimit(5, 60, { name: 'key', key: (request) => request.header('x-api-key') })
  .setRateLimit(60, 60, { name: 'address' })
  .use((request, next) => {
    if (!KEYS.has(request.header('x-api-key') ?? '')) throw new UnauthorizedError('Send a key in X-Api-Key.');
    return next();
  })
  .get('/weather', () => ({ sky: 'clear' }))
  .onStart(() => console.log(`Ask for http://127.0.0.1:${server.getAddress().port}/weather with X-Api-Key: ada`));

await server.run();
