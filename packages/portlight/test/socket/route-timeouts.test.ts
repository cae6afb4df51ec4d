import { describe, expect, test } from 'vitest';
import { Router } from '../../src/index.ts';
import { openServer } from '../support/open-server.ts';
import { RawClient } from '../support/raw-client.ts';

const HALF = (path: string): string => `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nab`;

describe('the time that a route gives its requests to come', () => {
  test('may be less than the server gives', async () => {
    await using open = await openServer((app) =>
      app.post('/small', { requestTimeoutMs: 50 }, (request) => request.text()),
    );
    await using client = await RawClient.open(open.port);
    client.send(HALF('/small'));
    expect((await client.response()).status).toBe(408);
  });

  test('may be more, whatever the others have', async () => {
    await using open = await openServer(
      (app) =>
        app
          .post('/large', { requestTimeoutMs: 86_400_000 }, (request) => request.text())
          .post('/other', (request) => request.text()),
      { requestTimeoutMs: 80 },
    );
    await using large = await RawClient.open(open.port);
    await using other = await RawClient.open(open.port);
    large.send(HALF('/large'));
    other.send(HALF('/other'));
    // Both were looked at as often by then.
    expect((await other.response()).status).toBe(408);
    large.send('cde');
    expect((await large.response()).body).toBe('abcde');
  });

  test.each([0, -1, 1.5, 86_400_001, '100'])('is not %j', (requestTimeoutMs) => {
    expect(() => new Router().post('/', { requestTimeoutMs: requestTimeoutMs as number }, () => '')).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_OPTION' }),
    );
  });
});
