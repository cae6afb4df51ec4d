import { afterEach, expect, test, vi } from 'vitest';
import { DEFAULTS } from '../../src/defaults.ts';
import { portless } from '../support/open-server.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('an interceptor that never ends does not cost the client the response', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { server, log } = portless((app) =>
    app
      .get('/', () => 'x')
      .onResponse(() => new Promise<string>(() => undefined))
      .onResponse((response) => `${response}2`),
  );
  const answer = server.fetch('/');
  await vi.advanceTimersByTimeAsync(DEFAULTS.replyTimeoutMs);
  expect(await (await answer).text()).toBe('x2');
  expect(log.lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
    'A response interceptor failed; the response is sent without it.',
  ]);
});
