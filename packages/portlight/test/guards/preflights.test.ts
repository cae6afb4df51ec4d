import { describe, expect, test } from 'vitest';
import { portless } from '../support/open-server.ts';

const ORIGIN = { origin: 'https://a.example' };
const PREFLIGHT = { ...ORIGIN, 'access-control-request-method': 'POST' };
const own = { rateLimit: { max: 1, windowSeconds: 60 } };

describe('a preflight', () => {
  test.each([
    ['of a route', '/'],
    ['of a route with a limit of its own', '/own'],
    ['of a route for OPTIONS', '/options'],
    ['of a path that is no route', '/none'],
  ])('%s passes no guard', async (_of, path) => {
    const { server } = portless((app) =>
      app
        .setRateLimit(1, 60)
        .connectionRequired()
        .post('/', () => 'ok')
        .post('/own', own, () => 'ok')
        .options('/options', () => 'ok'),
    );
    for (let times = 0; times < 3; times++) {
      const { status, headers } = await server.fetch(path, { method: 'OPTIONS', headers: PREFLIGHT });
      expect([status, headers.has('ratelimit')]).toEqual([{ '/options': 200, '/none': 404 }[path] ?? 204, false]);
    }
  });

  test.each([
    ['without Origin', 'OPTIONS', { 'access-control-request-method': 'POST' }],
    ['without the method that is asked for', 'OPTIONS', ORIGIN],
    ['by another method', 'POST', PREFLIGHT],
    ['where both say nothing', 'OPTIONS', { origin: '', 'access-control-request-method': '' }],
  ])('is none %s, and counts', async (_what, method, headers) => {
    const { server } = portless((app) => app.setRateLimit(1, 60).post('/', () => 'ok'));
    expect((await server.fetch('/', { method, headers })).headers.has('ratelimit')).toBe(true);
    expect((await server.fetch('/', { method, headers })).status).toBe(429);
  });
});
