import { describe, expect, test } from 'vitest';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { isAlive, WorkersApp } from './workers-app.ts';

describe('a stop with clients of every kind', () => {
  test.each(['SIGTERM', 'SIGINT', 'shutdown'] as const)(
    'by %s ends each as it should, within the time',
    async (how) => {
      await using app = new WorkersApp({ drainTimeoutMs: 1_500 });
      const port = await app.port();
      const pids = (await app.workers()).map(({ pid }) => pid);
      const idle = await RawClient.open(port);
      await idle.send(get('/')).response();
      const slow = await RawClient.open(port);
      slow.send(get('/slow'));
      await app.said('slow begun');
      const half = await RawClient.open(port);
      half.send('GET / HTTP/1.1\r\nhost: te');
      const silent = await RawClient.open(port);
      silent.socket.pause();
      silent.send(get('/silent'));
      const chat = await WebSocketClient.open(port, '/chat');
      const feed = await EventClient.open(port, '/feed');
      const startedAt = performance.now();
      if (how === 'shutdown') void (await RawClient.open(port)).send(get('/stop'));
      else app.kill(how);
      expect((await slow.response()).headers.get('connection')).toBe('close');
      expect((await idle.ended()).match(/HTTP/g)).toHaveLength(1);
      expect((await half.response()).status).toBe(408);
      expect((await chat.end()).code).toBe(1001);
      expect(await feed.end()).toBe('end');
      // Who never reads is cut.
      expect(await app.exit).toEqual({ code: how === 'shutdown' ? 0 : 1, signal: null });
      expect(performance.now() - startedAt).toBeLessThan(1_500 + 2_500);
      expect(app.report()).toMatchObject({ reason: how, forced: 1 });
      const { drained } = app.report() as { readonly drained: number };
      expect(drained).toBeGreaterThanOrEqual(4);
      expect(pids.filter(isAlive)).toEqual([]);
      await Promise.all([idle, slow, half, silent].map((client) => client[Symbol.asyncDispose]()));
    },
  );

  test('goes on accepting for a while where it is told so, not ready', async () => {
    await using app = new WorkersApp({ drainDelayMs: 400 });
    const url = await app.url('/ready');
    app.kill('SIGTERM');
    await app.said(/./);
    const statuses = new Set<number>();
    while (!statuses.has(503)) statuses.add((await fetch(url, { headers: { connection: 'close' } })).status);
    expect(await app.exit).toEqual({ code: 0, signal: null });
  });

  test.each(['workers', 'forked'])('ends with 1 where a child of %s fails meanwhile', async (mode) => {
    await using app = new WorkersApp({ mode });
    await using client = await RawClient.open(await app.port());
    client.send(get('/throw-in-stop'));
    await app.said('late begun');
    app.kill('SIGTERM');
    expect((await client.response()).body).toBe('late');
    expect(await app.exit).toEqual({ code: 1, signal: null });
    expect(app.report()).toMatchObject({ reason: 'SIGTERM', forced: 0 });
    expect(app.errors).toContain('thrown in a stop');
  });

  test('ends with 0 where a child has failed long before', async () => {
    await using app = new WorkersApp();
    expect(await app.get('/throw')).toBe('thrown');
    await app.settled((workers) => workers.length === 2 && workers.some(({ restarts }) => restarts > 0));
    app.kill('SIGTERM');
    expect(await app.exit).toEqual({ code: 0, signal: null });
  });
});
