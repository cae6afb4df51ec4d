import { expect, test } from 'vitest';
import { HttpResponse, type HttpServer } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { portless } from '../support/open-server.ts';

test.each<[string, (app: HttpServer) => unknown]>([
  [
    'a middleware',
    (app) =>
      app.use(async (_request, next) => {
        await next();
        return 'other';
      }),
  ],
  ['an interceptor', (app) => app.onResponse(() => HttpResponse.text('other'))],
])('a stream in whose place %s puts another response is told so', async (_what, register) => {
  const cancelled = deferred<unknown>();
  const endless = (): ReadableStream =>
    new ReadableStream({ pull: (controller) => controller.enqueue('part'), cancel: cancelled.resolve });
  const { server } = portless((app) => register(app.get('/', endless)));
  expect(await (await server.fetch('/')).text()).toBe('other');
  expect(await cancelled.promise).toBeInstanceOf(Error);
});
