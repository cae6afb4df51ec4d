import { once } from 'node:events';
import { connect } from 'node:net';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Says the steps of a lesson to a port, until the other side closes.
 *
 * @param tell is called with 'client' or 'server' and the bytes, a character for each, whenever some pass
 */
export async function speak(steps, port, { signal, tell }) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, signal }).setEncoding('latin1');
  let received = '';
  socket.on('data', (text) => {
    received += String(text);
    tell('server', text);
  });
  const end = new AbortController();
  const ended = finished(socket).finally(() => end.abort());
  const write = async () => {
    for (const step of steps) {
      if (typeof step === 'number') await delay(step, undefined, { signal: end.signal });
      else if (step instanceof RegExp) while (!step.test(received)) await once(socket, 'data', { signal: end.signal });
      else {
        tell('client', step);
        socket.write(step, 'latin1');
      }
    }
  };
  // Who is answered and closed before the last step says no more.
  await Promise.all([ended, write().catch((error) => end.signal.aborted || socket.destroy(error))]);
}
