import { describe, expect, test } from 'vitest';
import { deferred } from '../support/deferred.ts';
import { portless } from '../support/open-server.ts';

describe('handlerTimeoutMs', () => {
  test('answers 503 and aborts the signal with a reason that has a code', async () => {
    const reason = deferred<unknown>();
    const { server } = portless((app) =>
      app.get('/', { handlerTimeoutMs: 20 }, (request) => {
        request.signal.addEventListener('abort', () => reason.resolve(request.signal.reason));
        return new Promise(() => {});
      }),
    );
    const response = await server.fetch('/');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'ERR_PORTLIGHT_HANDLER_TIMEOUT' });
    expect(await reason.promise).toMatchObject({ code: 'ERR_PORTLIGHT_HANDLER_TIMEOUT', status: 503 });
  });

  test('of the server holds for every route, that of a route goes before it, and 0 means none', async () => {
    const late = (): Promise<string> => new Promise((resolve) => setTimeout(resolve, 60, 'late'));
    const { server } = portless((app) => app.get('/all', late).get('/own', { handlerTimeoutMs: 5_000 }, late).get('/none', { handlerTimeoutMs: 0 }, late), { handlerTimeoutMs: 20 });
    const statuses = await Promise.all(['/all', '/own', '/none'].map(async (path) => (await server.fetch(path)).status));
    expect(statuses).toEqual([503, 200, 200]);
  });

  test('covers middleware, and goes to the error handlers', async () => {
    const { server } = portless((app) => app.get('/', () => 'x').use(() => new Promise(() => {})).error(503, () => 'late'), { handlerTimeoutMs: 20 });
    const response = await server.fetch('/');
    expect([response.status, await response.text()]).toEqual([503, 'late']);
  });

  test('tells the source of a response that comes too late', async () => {
    const cancelled = deferred<unknown>();
    const answer = deferred<ReadableStream>();
    const { server } = portless((app) => app.get('/', { handlerTimeoutMs: 20 }, () => answer.promise));
    expect((await server.fetch('/')).status).toBe(503);
    answer.resolve(new ReadableStream({ cancel: (reason) => cancelled.resolve(reason) }));
    expect(await cancelled.promise).toMatchObject({ code: 'ERR_PORTLIGHT_HANDLER_TIMEOUT' });
  });

  test('ignores an error that comes too late', async () => {
    const answer = deferred<string>();
    const { server, log } = portless((app) => app.get('/', { handlerTimeoutMs: 20 }, () => answer.promise));
    expect((await server.fetch('/')).status).toBe(503);
    answer.reject(new Error('late'));
    await new Promise(setImmediate);
    expect(log.at('error')).toEqual([]);
  });
});
