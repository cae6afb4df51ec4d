import { expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const anything = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const;

function open(debug: boolean): { readonly server: HttpServer; readonly logger: RecordingLogger } {
  const logger = new RecordingLogger();
  const server = new HttpServer()
    .debug(logger)
    .post('/bare', (request) => String(request.body))
    .post('/other', (request) => String(request.body))
    .post('/json', async (request) => ({ body: await request.json() }))
    .post('/schema', { body: anything }, (request) => ({ body: request.body }));
  if (!debug) server.debug(false);
  return { server, logger };
}

const post = (server: HttpServer, path: string, body: string | null = '{"a":1}'): Promise<string> =>
  server
    .fetch(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    .then((response) => response.text());

test('in debug mode a route that reads a body nobody made is told so, once', async () => {
  const { server, logger } = open(true);
  for (const path of ['/bare', '/bare', '/other', '/json', '/schema']) await post(server, path);
  expect(logger.at('warn').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^POST \/bare reads request\.body.*await request\.json\(\)/),
    expect.stringMatching(/^POST \/other /),
  ]);
});

test('the body stays undefined', async () => {
  const { server } = open(true);
  expect(await post(server, '/bare')).toBe('undefined');
});

test('where no body came there is nothing to tell', async () => {
  const { server, logger } = open(true);
  await post(server, '/bare', null);
  expect(logger.at('warn')).toEqual([]);
});

test('outside debug mode nothing is told', async () => {
  const { server, logger } = open(false);
  await post(server, '/bare');
  expect(logger.lines).toEqual([]);
});
