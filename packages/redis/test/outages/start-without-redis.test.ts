import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { HAS_REDIS, RedisServer } from '../support/redis-server.ts';
import { AppMachine } from './app-machine.ts';

/** What the start of a server rejects with, and how long that takes. */
async function failStart(machine: AppMachine): Promise<{ readonly error: Error; readonly ms: number }> {
  const startedAt = performance.now();
  const error = await machine.server.start().then(
    () => new Error('It has started.'),
    (reason: unknown) => reason as Error,
  );
  return { error, ms: performance.now() - startedAt };
}

function withUser(url: string, user: string): string {
  return url.replace('redis://', `redis://${user}@`);
}

describe.runIf(HAS_REDIS).concurrent('a server does not start', () => {
  test('where Redis is not there, and starts when it is', async () => {
    await using redis = await RedisServer.start();
    await redis.kill();
    await using machine = new AppMachine({ name: 'a', url: withUser(redis.url, 'ada:secret') });
    const { error, ms } = await failStart(machine);
    expect(error).toMatchObject({ name: 'BackplaneError', code: 'ERR_PORTLIGHT_BACKPLANE_UNREACHABLE' });
    expect(error.message).toContain(`127.0.0.1:${redis.port}`);
    expect(`${error.stack} ${JSON.stringify(machine.log.lines)}`).not.toContain('secret');
    expect(ms).toBeLessThan(9_500);
    expect(machine.server.isConnected()).toBe(false);
    await redis.restart();
    await redis.ask('ACL SETUSER ada on >secret ~* &* +@all');
    await machine.server.start();
    expect(await machine.get('/limited')).toMatchObject({ status: 200 });
  });

  test('where something takes its bytes and says nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as { port: number };
    await using machine = new AppMachine({ name: 'a', url: `redis://127.0.0.1:${port}` });
    const { error, ms } = await failStart(machine);
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(ms).toBeLessThan(9_500);
    silent.close();
  });

  test('by TLS where there is none, and says so', async () => {
    await using redis = await RedisServer.start();
    await using machine = new AppMachine({ name: 'a', url: redis.url.replace('redis:', 'rediss:') });
    expect((await failStart(machine)).error.message).toContain('Does it speak TLS there?');
  });

  test('without the password, with a wrong one, and as a user without rights', async () => {
    await using redis = await RedisServer.start();
    await redis.ask('ACL SETUSER bob on >right ~* &* +@all -subscribe', 'CONFIG SET requirepass right');
    async function attempt(user: string, said: RegExp): Promise<void> {
      await using machine = new AppMachine({ name: 'a', url: redis.url.replace('redis://', `redis://${user}`) });
      const { error } = await failStart(machine);
      expect(error.message).toMatch(said);
      expect(error.message).toContain(`127.0.0.1:${redis.port}`);
      expect(`${error.stack} ${JSON.stringify(machine.log.lines)}`).not.toMatch(/wrong\b|right\b/);
    }
    await Promise.all([
      attempt('', /NOAUTH/),
      attempt(':wrong@', /WRONGPASS/),
      attempt('bob:wrong@', /WRONGPASS/),
      attempt('bob:right@', /NOPERM.*subscribe/i),
    ]);
    // Not tried again, which would not mend it: two connections of two users.
    const [, count] = /errorstat_WRONGPASS:count=(\d+)/.exec(await redis.ask('AUTH right', 'INFO errorstats')) ?? [];
    expect(Number(count)).toBeLessThan(9);
  });

  test('on a replica', async () => {
    await using redis = await RedisServer.start('--replicaof', '127.0.0.1 1');
    await using machine = new AppMachine({ name: 'a', url: redis.url });
    expect((await failStart(machine)).error.message).toContain('This Redis is a replica, which takes no writes.');
  });

  test('while Redis is loading, and starts when that is done', async () => {
    await using redis = await RedisServer.start(
      '--key-load-delay',
      '2000',
      '--loading-process-events-interval-bytes',
      '1024',
    );
    await redis.ask('DEBUG POPULATE 1000 junk 100', 'SAVE');
    await redis.kill();
    await redis.restart();
    expect(await redis.ask('INFO persistence')).toContain('loading:1');
    await using machine = new AppMachine({ name: 'a', url: redis.url });
    await machine.server.start();
    expect(await machine.get('/limited')).toMatchObject({ status: 200 });
  });
});
