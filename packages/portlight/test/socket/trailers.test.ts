import { describe, expect, test } from 'vitest';
import { openServer } from '../support/open-server.ts';
import { RawClient } from '../support/raw-client.ts';

const CHUNKED =
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n';

describe('trailer fields', () => {
  test('are there once the body was read, and not before', async () => {
    await using open = await openServer((app) =>
      app.post('/', async (request) => {
        const before = [...request.trailers];
        await request.text();
        return { before, after: [...request.trailers] };
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(`${CHUNKED}X-Sum: 7\r\nx-sum: 8\r\n\r\n`);
    expect(JSON.parse((await client.response()).body)).toEqual({ before: [], after: [['x-sum', '7, 8']] });
  });

  test('are no part of the headers, whatever they are called', async () => {
    await using open = await openServer((app) =>
      app.post('/', async (request) => {
        await request.text();
        return { host: request.header('host'), authorization: request.headers.get('authorization') };
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(`${CHUNKED}Host: evil\r\nAuthorization: Basic x\r\n\r\n`);
    expect(JSON.parse((await client.response()).body)).toEqual({ host: 'x', authorization: null });
  });

  test('cannot change how long the body is', async () => {
    await using open = await openServer((app) => app.post('/', (request) => request.text()));
    await using client = await RawClient.open(open.port);
    client.send(`${CHUNKED}Content-Length: 1\r\n\r\n`);
    expect((await client.response()).status).toBe(400);
  });
});
