import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { HttpResponse } from '../../src/index.ts';
import { portless } from '../support/open-server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (body: string, headers: Record<string, string> = JSON_TYPE): RequestInit => ({
  method: 'POST',
  body,
  headers,
});

const LIBRARIES = {
  zod: {
    params: z.object({ id: z.coerce.number().int() }),
    query: z.object({ page: z.coerce.number().default(1), tag: z.union([z.string(), z.array(z.string())]).optional() }),
    headers: z.object({ 'x-key': z.string() }),
    body: z.object({ items: z.array(z.object({ price: z.number() })) }),
  },
  valibot: {
    params: v.object({ id: v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)) }),
    query: v.object({
      page: v.optional(v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)), '1'),
      tag: v.optional(v.union([v.string(), v.array(v.string())])),
    }),
    headers: v.object({ 'x-key': v.string() }),
    body: v.object({ items: v.array(v.object({ price: v.number() })) }),
  },
};

describe.each(Object.entries(LIBRARIES))('validation with %s', (_name, schemas) => {
  const { server } = portless((app) => {
    app.post('/:id', schemas, (request) => ({
      params: request.params,
      query: request.query,
      body: request.body,
      key: request.header('x-key'),
    }));
  });

  test('gives the handler the outputs', async () => {
    const response = await server.fetch(
      '/7?tag=a&tag=b',
      post('{"items":[{"price":1,"more":2}]}', { ...JSON_TYPE, 'x-key': 'k' }),
    );
    expect(await response.json()).toEqual({
      params: { id: 7 },
      query: { page: 1, tag: ['a', 'b'] },
      body: { items: [{ price: 1 }] },
      key: 'k',
    });
  });

  test('lists all that is wrong before the body, and where', async () => {
    const response = await server.fetch('/seven?page=x', post('{"items":0}'));
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await response.json()) as { errors: { in: string; path: unknown[]; message: string }[] };
    expect(problem).toMatchObject({ status: 400, title: 'Bad Request', code: 'ERR_PORTLIGHT_VALIDATION' });
    expect(problem.errors.map(({ in: part, path }) => [part, path])).toEqual([
      ['params', ['id']],
      ['query', ['page']],
      ['headers', ['x-key']],
    ]);
    for (const { message } of problem.errors) expect(message).not.toBe('');
  });

  test('leads to a value inside arrays by number', async () => {
    const response = await server.fetch(
      '/7',
      post('{"items":[{"price":1},{"price":"2"}]}', { ...JSON_TYPE, 'x-key': 'k' }),
    );
    expect(((await response.json()) as { errors: unknown }).errors).toMatchObject([
      { in: 'body', path: ['items', 1, 'price'] },
    ]);
  });
});

describe('a body schema', () => {
  const { server } = portless((app) => {
    app.post('/any', { body: z.unknown() }, (request) => ({ body: request.body }));
    app.post(
      '/form',
      { body: z.object({ a: z.union([z.string(), z.array(z.string())]) }) },
      (request) => request.body.a,
    );
  });

  test.each([
    ['application/json', '{"a":1}', { a: 1 }],
    ['application/vnd.api+json; charset=utf-8', '[1]', [1]],
    ['application/x-www-form-urlencoded', 'a=b+c&d=%26', { a: 'b c', d: '&' }],
    ['text/plain', 'x', 'x'],
    ['Application/JSON', '1', 1],
  ])('reads %s', async (type, body, value) => {
    expect(await (await server.fetch('/any', post(body, { 'content-type': type }))).json()).toEqual({ body: value });
  });

  test('takes repeated form fields as an array', async () => {
    expect(
      await (
        await server.fetch('/form', post('a=1&a=2', { 'content-type': 'application/x-www-form-urlencoded' }))
      ).json(),
    ).toEqual(['1', '2']);
  });

  test.each(['image/png', 'application/xml', 'text/html', 'application/json, text/plain', 'json', ''])(
    'answers %j with 415',
    async (type) => {
      const response = await server.fetch('/any', post('{}', { 'content-type': type }));
      expect(response.status).toBe(415);
      expect(await response.json()).toMatchObject({ code: 'ERR_PORTLIGHT_UNSUPPORTED_MEDIA_TYPE' });
    },
  );

  test('answers bytes without a type with 415', async () => {
    expect((await server.fetch('/any', { method: 'POST', body: Buffer.from('{}') })).status).toBe(415);
  });

  test.each(['application/json; charset=utf-7', 'text/plain; charset=utf-16'])(
    'answers the charset of %s with 415',
    async (type) => {
      expect((await server.fetch('/any', post('{}', { 'content-type': type }))).status).toBe(415);
    },
  );

  test.each(['{', ' ', '{"__proto__":{}}'])('answers the malformed JSON %j with 400', async (body) => {
    const response = await server.fetch('/any', post(body));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'ERR_PORTLIGHT_MALFORMED_BODY' });
  });

  test.each([
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=b',
    'text/plain',
    'image/png',
    '',
  ])('gets undefined where a body of the type %j, in chunks, holds nothing', async (type) => {
    const body = new ReadableStream({ start: (controller) => controller.close() });
    const response = await server.fetch('/any', {
      method: 'POST',
      body,
      duplex: 'half',
      headers: type === '' ? {} : { 'content-type': type },
    });
    expect([response.status, await response.json()]).toEqual([200, {}]);
  });

  test('gets undefined where there is no body', async () => {
    expect(await (await server.fetch('/any', { method: 'POST' })).json()).toEqual({});
    expect((await server.fetch('/form', { method: 'POST' })).status).toBe(400);
  });
});

describe('a response schema', () => {
  const response = z.object({ id: z.number() });
  test('shapes what is sent', async () => {
    const { server } = portless((app) => app.get('/', { response }, () => ({ id: 1, password: 'secret' })));
    expect(await (await server.fetch('/')).json()).toEqual({ id: 1 });
  });

  test('turns what it refuses into a 500 that shows nothing, and is reported', async () => {
    const { server, log } = portless((app) => app.get('/', { response }, () => ({ id: 'secret' }) as never));
    const reply = await server.fetch('/');
    expect(reply.status).toBe(500);
    expect(await reply.json()).toEqual({
      status: 500,
      title: 'Internal Server Error',
      code: 'ERR_PORTLIGHT_RESPONSE_VALIDATION',
    });
    expect(log.at('error')).toHaveLength(1);
    expect(log.at('error')[0]?.fields['err']).toMatchObject({
      cause: expect.objectContaining({ message: expect.stringContaining('id') as string }) as Error,
    });
  });

  test.each([
    ['an HttpResponse', () => HttpResponse.json({ own: true })],
    ['a Response', () => Response.json({ own: true })],
  ])('does not look at %s', async (_what, reply) => {
    const { server } = portless((app) => app.get('/', { response }, reply));
    expect(await (await server.fetch('/')).json()).toEqual({ own: true });
  });
});

test('a schema that throws is a 500 that shows nothing', async () => {
  const broken = {
    '~standard': {
      version: 1,
      vendor: 'own',
      validate: () => {
        throw new Error('secret');
      },
    },
  } as const;
  const { server } = portless((app) => app.get('/', { query: broken }, () => 'x'));
  const reply = await server.fetch('/');
  expect(reply.status).toBe(500);
  expect(await reply.text()).not.toContain('secret');
});
