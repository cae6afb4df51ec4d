import { afterEach, expect, test, vi } from 'vitest';
import { DEFAULTS } from '../../src/defaults.ts';
import { openServer } from '../support/open-server.ts';
import { get, RawClient } from '../support/raw-client.ts';

afterEach(() => void vi.restoreAllMocks());

/** What Node's server emits when the kernel could not give it a connection. */
function shortage(code: string): Error {
  return Object.assign(new Error(`accept ${code}`), { code, syscall: 'accept' });
}

test.each(['ENFILE', 'EMFILE', 'ENOBUFS', 'ECONNABORTED'])(
  '%s at accept is logged, and the server goes on',
  async (code) => {
    await using open = await openServer((server) => server.get('/', () => 'x'));
    open.server.getSocket()?.emit('error', shortage(code));
    expect(open.log.at('error').map(({ fields }) => fields)).toEqual([
      { err: expect.objectContaining({ code }) as unknown, times: 1, connections: 0 },
    ]);
    expect(open.server.isConnected()).toBe(true);
    await using client = await RawClient.open(open.port);
    expect((await client.send(get('/')).response()).body).toBe('x');
  },
);

test('many of them are one line for each interval', async () => {
  await using open = await openServer(() => undefined);
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const emit = (times: number): void => {
    for (let count = 0; count < times; count++) open.server.getSocket()?.emit('error', shortage('ENFILE'));
  };
  emit(100);
  now += DEFAULTS.acceptErrorLogMs - 1;
  emit(100);
  now += 1;
  emit(100);
  expect(open.log.at('error').map(({ fields }) => fields['times'])).toEqual([1, 200]);
});

test('after the stop nothing is logged', async () => {
  await using open = await openServer(() => undefined);
  const socket = open.server.getSocket();
  await open.server.shutdown();
  socket?.emit('error', shortage('ENFILE'));
  expect(open.log.at('error')).toEqual([]);
});
