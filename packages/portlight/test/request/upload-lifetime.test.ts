import { stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type HttpRequest, HttpResponse, type HttpServer } from '../../src/index.ts';
import { deferred } from '../support/deferred.ts';
import { field, file, form, MULTIPART, post } from '../support/multipart.ts';
import { openServer, portless } from '../support/open-server.ts';
import { RawClient, request } from '../support/raw-client.ts';
import { useUploadFolders } from '../support/upload-folders.ts';

const uploads = useUploadFolders();
const BIG = 'x'.repeat(200_000);
const NOTHING = { folders: [], open: [] };
const body = form(file('f', 'f.bin', BIG), file('g', 'g.bin', BIG), field('a', '1'));
const upload = (): string => request('POST', '/', [`content-type: ${MULTIPART}`], body);
const pathOf = async (each: HttpRequest): Promise<string> =>
  ((await each.formData()).get('f') as unknown as { path: string }).path;

type Reply = (each: HttpRequest) => unknown;
const replies: readonly (readonly [string, number, Reply])[] = [
  ['answers', 200, async (each) => (await stat(await pathOf(each))).size],
  [
    'throws',
    500,
    async (each) => {
      await pathOf(each);
      throw new Error('failed');
    },
  ],
  [
    'does not wait for the form',
    200,
    (each) => {
      void each.formData().catch(() => undefined);
      return 'early';
    },
  ],
  [
    'streams a file of it',
    200,
    async (each) => HttpResponse.stream(((await each.formData()).get('f') as File).stream()),
  ],
  ['sends a file of it', 200, async (each) => HttpResponse.file(await pathOf(each))],
];

describe('files of a form are gone when the response is done', () => {
  test.each(replies)('and the handler %s, over a connection', async (_what, status, reply) => {
    await using open = await openServer((app) => app.post('/', reply));
    await using client = await RawClient.open(open.port);
    expect((await client.send(upload()).response()).status).toBe(status);
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
  });

  test.each(replies)('and the handler %s, without one', async (_what, status, reply) => {
    const { server } = portless((app) => app.post('/', reply));
    const response = await server.fetch('/', post(body));
    expect(response.status).toBe(status);
    await response.arrayBuffer();
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
  });

  test('and not before: an interceptor still finds them', async () => {
    let size = 0;
    await using open = await openServer((app) =>
      app.post('/', pathOf).onResponse(async (response) => {
        size = (await stat(String(response))).size;
      }),
    );
    await using client = await RawClient.open(open.port);
    await client.send(upload()).response();
    expect(size).toBe(BIG.length);
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
  });

  test('and its stream was cancelled, without a connection', async () => {
    const { server } = portless((app) =>
      app.post('/', async (each) => HttpResponse.stream(((await each.formData()).get('f') as File).stream())),
    );
    const response = await server.fetch('/', post(body));
    await response.body?.cancel();
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
  });

  test('and the caller aborted, without a connection', async () => {
    const read = deferred();
    const controller = new AbortController();
    const { server } = portless((app) =>
      app.post('/', async (each) => {
        await pathOf(each);
        read.resolve();
        await new Promise((resolve) => each.signal.addEventListener('abort', resolve));
        return 'late';
      }),
    );
    const response = server.fetch('/', { ...post(body), signal: controller.signal });
    await read.promise;
    controller.abort();
    await expect(response).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
  });

  test('and the handler took too long', async () => {
    const gate = deferred();
    await using open = await openServer((app) =>
      app.post('/', { handlerTimeoutMs: 300 }, async (each) => {
        await pathOf(each);
        await gate.promise;
      }),
    );
    await using client = await RawClient.open(open.port);
    expect((await client.send(upload()).response()).status).toBe(503);
    gate.resolve();
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
  });
});

describe('files of a form whose client goes away', () => {
  test('while the handler works are gone', async () => {
    const read = deferred();
    const over = deferred();
    await using open = await openServer((app) =>
      app.post('/', async (each) => {
        await pathOf(each);
        read.resolve();
        await new Promise((resolve) => each.signal.addEventListener('abort', resolve));
        over.resolve();
      }),
    );
    await using client = await RawClient.open(open.port);
    client.send(upload());
    await read.promise;
    client.reset();
    await over.promise;
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
  });

  const abortAll = async (app: HttpServer, port: number, count: number): Promise<void> => {
    const cuts = Array.from({ length: count }, (_each, index) => Math.floor((index / count) * body.length));
    await Promise.all(
      cuts.map(async (length) => {
        const client = await RawClient.open(port);
        client.send(
          request('POST', '/', [`content-type: ${MULTIPART}`, `content-length: ${body.length}`]) +
            body.slice(0, length),
        );
        await new Promise((resolve) => client.socket.write('', resolve));
        client.reset();
      }),
    );
    expect(app.isConnected()).toBe(true);
  };

  test('in the middle of it, a hundred times, leave no file and no descriptor', async () => {
    let ended = 0;
    await using open = await openServer((app) =>
      app.post('/', async (each) => {
        await each.formData().finally(() => ended++);
        return 'read';
      }),
    );
    await abortAll(open.server, open.port, 100);
    await expect.poll(() => uploads.left(), { timeout: 10_000 }).toEqual(NOTHING);
    await using client = await RawClient.open(open.port);
    expect((await client.send(upload()).response()).status).toBe(200);
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
    expect(ended).toBeGreaterThan(0);
    expect(open.log.at('error')).toEqual([]);
  });
});

describe('a multipart form with a body schema', () => {
  const schema = z.object({ a: z.string(), tags: z.array(z.string()), f: z.instanceof(File) });

  test('is validated, files among its fields, repeats as arrays', async () => {
    const { server } = portless((app) =>
      app.post('/', { body: schema }, ({ body: { a, tags, f } }) => ({ a, tags, size: f.size })),
    );
    const whole = form(field('a', '1'), field('tags', 'x'), field('tags', 'y'), file('f', 'f', BIG));
    expect(await (await server.fetch('/', post(whole))).json()).toEqual({ a: '1', tags: ['x', 'y'], size: BIG.length });
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
  });

  test('that it refuses is 400 with what is wrong, and leaves no file', async () => {
    let calls = 0;
    const { server } = portless((app) => app.post('/', { body: schema }, () => ++calls));
    const response = await server.fetch('/', post(form(file('f', 'f', BIG), field('tags', 'x'))));
    const issues = ((await response.json()) as { errors: { in: string; path: string[] }[] }).errors;
    expect([response.status, calls, issues.map((each) => [each.in, ...each.path])]).toEqual([
      400,
      0,
      [
        ['body', 'a'],
        ['body', 'tags'],
      ],
    ]);
    await expect.poll(() => uploads.left()).toEqual(NOTHING);
  });

  test('has no fields that are inherited', async () => {
    const { server } = portless((app) => app.post('/', { body: z.any() }, ({ body }) => Object.keys(body as object)));
    const response = await server.fetch('/', post(form(field('__proto__', '1'), field('constructor', '2'))));
    expect(await response.json()).toEqual(['__proto__', 'constructor']);
  });
});
