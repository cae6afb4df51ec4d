import { afterEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { TempFolder } from '../support/temp-folder.ts';

const stderr: MockInstance<typeof process.stderr.write> = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
const written = (): string => stderr.mock.calls.map(([text]) => String(text)).join('');

afterEach(() => {
  stderr.mockClear();
});

/** Runs the server, and stops it as soon as it listens and has said so. */
async function run(server: HttpServer): Promise<void> {
  const running = server.run();
  await server.start();
  await server.shutdown();
  await running;
}

describe('run says where it listens', () => {
  test('in one line on stderr', async () => {
    let port = 0;
    const server = new HttpServer('127.0.0.1', 0).onStart(() => void ({ port } = server.getAddress()));
    await run(server);
    expect(written()).toMatch(new RegExp(`^\\S+Z INFO Listening on http://127\\.0\\.0\\.1:${port}\\.\n$`));
  });

  test.each<[string, () => HttpServer, RegExp]>([
    ['IPv6', () => new HttpServer('::1', 0), /Listening on http:\/\/\[::1\]:\d+\.\n/],
    ['every address', () => new HttpServer('0.0.0.0', 0), /Listening on http:\/\/0\.0\.0\.0:\d+\.\n/],
  ])('of %s', async (_what, make, line) => {
    await run(make());
    expect(written()).toMatch(line);
  });

  test('of a unix socket', async () => {
    await using temp = await TempFolder.create();
    await run(new HttpServer(`unix://${temp.at('a.sock')}`));
    expect(written()).toContain(`Listening on the socket ${temp.at('a.sock')}.\n`);
  });

  test('also where it was started before', async () => {
    const server = await new HttpServer('127.0.0.1', 0).start();
    expect(written()).toBe('');
    await run(server);
    expect(written().match(/Listening on/g)).toHaveLength(1);
  });

  test('to the logger of the app, and then nowhere else', async () => {
    const logger = new RecordingLogger();
    await run(new HttpServer('127.0.0.1', 0).debug(logger));
    expect(
      logger.at('info').filter(({ message }) => message.startsWith('Listening on http://127.0.0.1:')),
    ).toHaveLength(1);
    expect(written()).toBe('');
  });

  test('to nobody after debug(false)', async () => {
    await run(new HttpServer('127.0.0.1', 0).debug(false));
    expect(written()).toBe('');
  });
});

test('start says nothing, but in debug mode', async () => {
  const quiet = await new HttpServer('127.0.0.1', 0).start();
  await quiet.shutdown();
  expect(written()).toBe('');
  const logger = new RecordingLogger();
  const server = new HttpServer('127.0.0.1', 0).debug(logger);
  await Promise.all([server.start(), server.start()]);
  await server.start();
  await server.shutdown();
  expect(logger.lines.filter(({ message }) => message.startsWith('Listening'))).toHaveLength(1);
});

test('a run that fails says nothing, and begins its stack where it was called', async () => {
  const taken = await new HttpServer('127.0.0.1', 0).start();
  const other = new HttpServer('127.0.0.1', taken.getAddress().port);
  for (const call of ['run', 'start'] as const) {
    const error: unknown = await waitFor(other, call);
    expect(error).toMatchObject({ name: 'PortInUseError' });
    expect((error as Error).stack?.split('\n').find((line) => line.startsWith('    at '))).toContain(
      'listening.test.ts',
    );
  }
  expect(written()).toBe('');
  await taken.shutdown();
});

async function waitFor(server: HttpServer, call: 'run' | 'start'): Promise<unknown> {
  try {
    await server[call]();
    return undefined;
  } catch (error) {
    return error;
  }
}
