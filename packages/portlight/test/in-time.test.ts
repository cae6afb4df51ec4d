import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { inTime } from '../src/in-time.ts';

test('an answer that came while this process was busy came in time', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[peer]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as unknown as [
    [typeof socket],
    unknown,
  ];
  const outcome = inTime(once(socket, 'data').then(String), 50, 'The answer');
  peer.write('here');
  for (const end = performance.now() + 200; performance.now() < end;);
  expect(await outcome).toBe('here');
  socket.destroy();
  server.close();
});

test('an answer to what was said only when this process was free again comes in time', async () => {
  const answer = new Promise<string>((resolve) => {
    setImmediate(() => setTimeout(() => resolve('here'), 20));
  });
  const outcome = inTime(answer, 50, 'The answer');
  for (const end = performance.now() + 200; performance.now() < end;);
  expect(await outcome).toBe('here');
});

test('none that comes at all is late', async () => {
  await expect(inTime(new Promise(() => {}), 5, 'The answer')).rejects.toThrow('The answer took longer than 5 ms.');
});
