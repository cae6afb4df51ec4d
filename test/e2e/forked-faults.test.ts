import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { isAlive } from './workers/children.ts';
import { ReloadedApp, type ReloadedAppOptions } from './workers/reloaded-app.ts';

const CLOSE = 'connection: close';

const start = (options: ReloadedAppOptions = {}): Promise<ReloadedApp> =>
  ReloadedApp.start({ mode: 'forked', children: 10, ...options });

/** All that run of it, the primary first. */
function processesOf({ pid }: ReloadedApp): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
}

describe('where each connection has a process', () => {
  test('broken code leaves all clients to those that serve, however many more of them would be needed', async () => {
    await using app = await start({ children: 6 });
    const old = app.children();
    app.change("throw new Error('broken for the test')");
    await app.reload();
    expect(app.outcomes()).toEqual(['The reload has failed']);
    const ended = (): number => app.program.errors.split('ended with code 1').length;
    // More than a start may need.
    while (ended() <= 11) {
      const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.open(app.port)));
      for (const client of clients) client.send(get('/block/100', CLOSE));
      for (const client of clients) expect((await client.response()).body).toBe('blocked');
    }
    expect(app.children()).toEqual(old);
    app.change("export const version = 'mended';");
    await app.reload();
    expect(await app.ask('/version')).toBe('mended');
    expect(await app.stop()).toBe(0);
  });

  test('a request that ends its process is given to no other one, whatever that process had still to say', async () => {
    await using app = await start({ children: 1 });
    await using flooding = await RawClient.open(app.port);
    await flooding.send(get('/flood/send/300')).response();
    // The next one, while its channel is full.
    await using next = await RawClient.open(app.port);
    next.send(get('/exit'));
    flooding.socket.destroy();
    expect(await next.ended()).toBe('');
    expect(await app.ask('/once/1')).toBe('1');
    expect(app.children()).toHaveLength(2);
  });

  test('a primary that is killed leaves no process behind, of those neither that loop for ever', async () => {
    await using app = await start();
    await using looping = await RawClient.open(app.port);
    looping.send(get('/block/3600000'));
    await using idle = await RawClient.open(app.port);
    await idle.send(get('/version')).response();
    await using silent = await RawClient.open(app.port);
    const processes = processesOf(app);
    expect(processes.length).toBeGreaterThan(3);
    app.program.kill('SIGKILL');
    while (processes.some(isAlive)) await delay(20);
    expect(await Promise.all([looping, silent].map((client) => client.ended()))).toEqual(['', '']);
    await idle.ended();
  });
});
