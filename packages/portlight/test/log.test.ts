import { afterEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { HttpResponse, HttpServer } from '../src/index.ts';
import { createStderrLogger, parseLogger } from '../src/log.ts';
import { RecordingLogger } from './support/recording-logger.ts';

const written = (): string => stderr.mock.calls.map(([text]) => String(text)).join('');
const stderr: MockInstance<typeof process.stderr.write> = vi.spyOn(process.stderr, 'write').mockReturnValue(true);

afterEach(() => {
  stderr.mockClear();
});

describe('the logger on stderr', () => {
  test('writes a line with time, level, sentence and fields', () => {
    createStderrLogger('debug').warn({ port: 80, path: '/a b', gone: undefined }, 'Something.');
    expect(written()).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z WARN Something\. port=80 path="\/a b" gone=undefined\n$/);
  });

  test('writes the stack of an error and of its causes', () => {
    createStderrLogger('error').error({ err: new Error('outer', { cause: new TypeError('inner') }) }, 'It failed.');
    expect(written()).toMatch(/It failed\.\nError: outer\n[^]*log\.test[^]*\ncaused by TypeError: inner\n/);
  });

  test('survives whatever was thrown', () => {
    const logger = createStderrLogger('error');
    for (const err of [
      'text',
      null,
      Symbol('s'),
      new Proxy(
        {},
        {
          get() {
            throw new Error('evil');
          },
        },
      ),
    ])
      logger.error({ err }, 'It failed.');
    expect(written().match(/It failed\./g)).toHaveLength(4);
  });

  test.each<[string, unknown, RegExp]>([
    ['an object', { code: 5 }, /\{ code: 5 \} was thrown, which is no Error/],
    ['undefined', undefined, /undefined was thrown, which is no Error/],
    ['null', null, /null was thrown/],
    ['a text', 'oh', /'oh' was thrown/],
    ['a symbol', Symbol('s'), /Symbol\(s\) was thrown/],
    ['a function', function fail() {}, /\[Function: fail\] was thrown/],
    ['a Response', new Response('x', { status: 404 }), /A response was thrown, Response \{.*Return it/],
    ['a response of ours', HttpResponse.text('x'), /A response was thrown, HttpResponse \{.*Return it/],
    [
      'what throws when it is read',
      new Proxy(
        {},
        {
          get() {
            throw new Error('evil');
          },
          getPrototypeOf() {
            throw new Error('evil');
          },
        },
      ),
      /was thrown/,
    ],
  ])('says what was thrown: %s', (_name, err, text) => {
    createStderrLogger('error').error({ err }, 'It failed.');
    expect(written()).toMatch(text);
  });

  test('cannot be given a second line by a client', () => {
    createStderrLogger('debug').info({ path: '/a\n2026-01-01T00:00:00Z ERROR forged' }, 'Answered.');
    expect(written().match(/\n/g)).toHaveLength(1);
  });

  test('is silent below its level', () => {
    const logger = createStderrLogger('warn');
    logger.debug({}, 'no');
    logger.info({}, 'no');
    expect(written()).toBe('');
  });
});

test('a logger of the app gets an Error, whatever was thrown', async () => {
  const logger = new RecordingLogger();
  const thrown: readonly unknown[] = [undefined, { code: 5 }, new Response('x')];
  const server = new HttpServer().debug(logger).get('/:index', (request) => {
    throw thrown[Number(request.params.index)];
  });
  for (const index of thrown.keys()) expect((await server.fetch(`/${index}`)).status).toBe(500);
  const errors = logger.at('error').map(({ fields }) => fields['err']);
  expect(errors.map((error) => [error instanceof Error, (error as { value: unknown }).value])).toEqual(
    thrown.map((value) => [true, value]),
  );
});

describe('debug', () => {
  const withError = (): HttpServer =>
    new HttpServer()
      .get('/', () => 'x')
      .get('/throws', () => {
        throw new Error('broken');
      });

  test('is off by default, errors apart', async () => {
    const server = withError();
    await server.fetch('/');
    expect(written()).toBe('');
    await server.fetch('/throws');
    expect(written()).toContain('Error: broken');
  });

  test('tells of each answer', async () => {
    await withError().debug().fetch('/?secret=1');
    expect(written()).toMatch(/DEBUG Answered\. method="GET" path="\/" status=200\n$/);
  });

  test('false is silent', async () => {
    await withError().debug(false).fetch('/throws');
    expect(written()).toBe('');
  });

  test.each([null, 1, 'info', {}, { debug() {}, info() {}, warn() {} }])('refuses %j', (logger) => {
    expect(() => parseLogger(logger)).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: expect.stringContaining('error') as string }),
    );
  });
});
