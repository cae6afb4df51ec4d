import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { HttpResponse } from 'portlight';

/** Three words, made while they are sent. Who takes trailers gets their checksum behind them. */
export function count() {
  const sum = createHash('sha256');
  async function* words() {
    for (const word of ['three\n', 'two\n', 'one\n']) {
      sum.update(word);
      yield word;
      await delay(300);
    }
  }
  return HttpResponse.stream(words(), {
    headers: { 'content-type': 'text/plain' },
    trailers: { 'x-checksum': () => sum.digest('hex') },
  });
}
