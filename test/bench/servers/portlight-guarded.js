// Everything on that stands between a request and its handler: a rate limit, one middleware, one interceptor, all
// timeouts.
import { HttpServer } from 'portlight';
import { HELLO, port } from '../app.js';

await new HttpServer('127.0.0.1', port, { handlerTimeoutMs: 10_000 })
  .setTimeout(30)
  .setRateLimit(1_000_000_000, 60)
  .use((_request, next) => next())
  .onResponse((response) => void response.header('x-seen', 'yes'))
  .setHeader('x-frame-options', 'DENY')
  .get('/', () => HELLO)
  .start();
