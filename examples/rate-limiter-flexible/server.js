// Limits counted by rate-limiter-flexible, and told to clients in the fields of @portlight/rate-limit.
import { createPolicy, formatRateLimit } from '@portlight/rate-limit';
import { HttpServer, TooManyRequestsError } from 'portlight';
import { FlexibleStore } from './flexible-store.js';

const store = new FlexibleStore();
const policy = createPolicy({ max: 5, windowSeconds: 60 });

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080))
  .use(async (request, next) => {
    const decisions = await store.take([{ key: request.ip, policy }]);
    const fields = formatRateLimit(decisions);
    if (decisions.some(({ isAllowed }) => !isAllowed))
      throw new TooManyRequestsError('Too many requests.', { headers: { ...fields } });
    const response = await next();
    for (const [name, value] of Object.entries(fields)) response.header(name, value);
    return response;
  })
  .get('/', () => 'Hello')
  .onStart(() => console.log(`Ask for http://127.0.0.1:${server.getAddress().port}/ six times.`));

await server.run();
