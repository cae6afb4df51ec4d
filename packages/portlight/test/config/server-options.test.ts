import { describe, expect, test } from 'vitest';
import { HttpServer, type ServerOptions } from '../../src/index.ts';

const DAY_MS = 86_400_000;
/** Every option that is a whole number: its least value and its greatest. */
const NUMBERS: Readonly<Record<string, readonly [least: number, greatest: number]>> = {
  backlog: [1, 65_535],
  maxBodyBytes: [0, Number.MAX_SAFE_INTEGER],
  maxHeaderBytes: [1_024, 1_048_576],
  maxHeaderLines: [1, 10_000],
  maxUrlBytes: [1, 1_048_576],
  headersTimeoutMs: [1, DAY_MS],
  requestTimeoutMs: [1, DAY_MS],
  keepAliveTimeoutMs: [1, DAY_MS],
  writeTimeoutMs: [0, DAY_MS],
  maxConnections: [1, 1_000_000],
  maxConnectionsPerIp: [1, 1_000_000],
  handlerTimeoutMs: [0, DAY_MS],
  drainTimeoutMs: [0, DAY_MS],
  drainDelayMs: [0, DAY_MS],
  maxRequestsPerWorker: [1, 1_000_000_000],
  maxMemoryBytes: [100_663_296, Number.MAX_SAFE_INTEGER],
};
const WRONG = [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5, '10', '1mb', null, true, [], {}, () => 1];

const make = (options: unknown): HttpServer => new HttpServer('127.0.0.1', 0, options as ServerOptions);
const refusal = (...parts: readonly string[]): unknown =>
  expect.objectContaining({
    name: 'ConfigError',
    code: 'ERR_PORTLIGHT_INVALID_OPTION',
    message: expect.stringMatching(
      new RegExp(`^${parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.*')}`),
    ) as string,
  });

describe.each(Object.entries(NUMBERS))('the option %s', (name, [least, greatest]) => {
  test('takes its bounds, and undefined as not given', () => {
    for (const value of [least, greatest, undefined]) expect(make({ [name]: value })).toBeInstanceOf(HttpServer);
  });

  test.each([...WRONG, least - 1, greatest + 1])('refuses %s and says what would be right', (value) => {
    expect(() => make({ [name]: value })).toThrow(
      refusal(`The option ${name} of the server must be a whole number of`, `from ${least} to ${greatest}, not `),
    );
  });
});

describe('options of a server', () => {
  test.each(['yes', 1, 0, null, {}])('strictSlashes is true or false, not %s', (value) => {
    expect(() => make({ strictSlashes: value })).toThrow(
      refusal('The option strictSlashes of the server must be true or false, not '),
    );
  });

  test.each([
    {},
    undefined,
    { m4b: 'audio/mp4', M4V: 'video/mp4; a="b"' },
    Object.assign(Object.create(null) as object, { a: 'b/c' }),
  ])('mimeTypes may be %j', (value) => {
    expect(make({ mimeTypes: value })).toBeInstanceOf(HttpServer);
  });

  test.each([null, 'a', 1, true, [], ['a/b'], new Map([['a', 'b/c']]), () => ({}), new Date(0)])(
    'mimeTypes is a record, not %j',
    (value) => {
      expect(() => make({ mimeTypes: value })).toThrow(
        refusal("The option mimeTypes must be a record such as { m4b: 'audio/mp4' }."),
      );
    },
  );

  test.each(['.m4b', '', 'tar.gz', 'a/b', 'a b', String.raw`a\b`, 'a\n'])(
    'mimeTypes has no extension %j',
    (extension) => {
      expect(() => make({ mimeTypes: { [extension]: 'audio/mp4' } })).toThrow(
        refusal(`The option mimeTypes has the key ${JSON.stringify(extension)}, which is no extension`),
      );
    },
  );

  test.each([
    '',
    'audio',
    'audio/',
    'a b/c',
    'a/b;',
    'a/b\r\nset-cookie: x',
    'a/b; c="\u20ac"',
    null,
    undefined,
    1,
    {},
    ['a/b'],
  ])('mimeTypes has no type %j', (type) => {
    expect(() => make({ mimeTypes: { m4b: type } })).toThrow(
      refusal('The option mimeTypes must have a media type such as "audio/mp4" for "m4b", not '),
    );
  });

  test('mimeTypes has an extension once, whatever its case', () => {
    expect(() => make({ mimeTypes: { M4B: 'a/b', m4b: 'a/b' } })).toThrow(
      refusal('The option mimeTypes has the extension "m4b" twice.'),
    );
  });

  test.each(['exit', true, null, 1])('onUncaught is drain or ignore, not %s', (value) => {
    expect(() => make({ onUncaught: value })).toThrow(
      refusal("The option onUncaught of the server must be 'drain' or 'ignore', not "),
    );
  });

  test.each([
    [true, 'true'],
    [false, 'false'],
    ['tls', '"tls"'],
    [1, '1'],
    [null, 'null'],
    [['x'], 'an array'],
    [() => 1, 'a function'],
  ])('are an object, not %s', (value, shown) => {
    expect(() => make(value)).toThrow(refusal(`The options of the server must be an object, not ${shown}.`));
  });

  test('are refused by name when they are unknown', () => {
    expect(() => make({ maxBodySize: 1, timeout: 2 })).toThrow(
      refusal('The server has no option "maxBodySize" and no option "timeout".'),
    );
  });

  test('are checked before anything listens', () => {
    expect(() => make({ maxBodyBytes: 1, headersTimeoutMs: 'soon' })).toThrow(
      refusal('The option headersTimeoutMs of the server must be', 'not "soon".'),
    );
  });
});

describe('options of run', () => {
  test.each<[object, string]>([
    [{ drainTimeoutMs: -1 }, 'The option drainTimeoutMs of run must be'],
    [{ nonsense: 1 }, 'run has no option "nonsense".'],
  ])('are checked like those of the server: %j', async (options, message) => {
    await expect(make({}).run(options)).rejects.toMatchObject({
      code: 'ERR_PORTLIGHT_INVALID_OPTION',
      message: expect.stringContaining(message) as string,
    });
  });

  test.each([100_000, 'forked', true, null])('are no positional argument such as %s', async (argument) => {
    await expect(make({}).run(argument as never)).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('mode') as string,
    });
  });

  test('name a mode that is known', async () => {
    await expect(make({}).run({ mode: 'parallel' as never })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('"parallel"') as string,
    });
  });

  test('come too late when the server has started', async () => {
    const server = make({});
    await server.start();
    await expect(server.run({ drainTimeoutMs: 1 })).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('constructor') as string,
    });
    expect(server.isConnected()).toBe(true);
    await server.shutdown();
  });
});
