import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { redis } from '../src/index.ts';
import { HAS_REDIS, RedisServer } from './support/redis-server.ts';
import { useAll } from './support/use-all.ts';

const SOURCES = new URL('../src/', import.meta.url);
const PAGE = new URL('../../../docs/how-to/scaling-out.md', import.meta.url);

/** What the page gives to `redis-cli`, as one line. */
const command = (/redis-cli (ACL SETUSER [^`]+)```/.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? '')
  .replaceAll(/\\\n\s*|'/g, '')
  .trim();

test('the user that the page makes may call all that is called', () => {
  const code = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(new URL(path, SOURCES), 'utf8'))
    .join('\n');
  const calls = /(?:call|send|sendCommand|write)(?:<\w+>)?\(\[?'([A-Z]+)'/g;
  const called = [...code.matchAll(calls)].map(([, name = '']) => name.toLowerCase());
  const allowed = [...command.matchAll(/\+([a-z]+)/g)].map(([, name = '']) => name);
  expect(new Set(called).size).toBeGreaterThan(40);
  const byTheClient = ['client', 'ping', 'select', 'subscribe'];
  expect(allowed.toSorted()).toEqual([...new Set([...called, ...byTheClient])].toSorted());
});

test.skipIf(!HAS_REDIS)('nothing that the user may not do is tried, on its keys and channels', async () => {
  await using server = await RedisServer.start();
  expect(await server.ask(command.replace('SECRET', 'secret'))).toMatch(/^\+OK/);
  const url = `redis://portlight:secret@127.0.0.1:${server.port}/1`;
  const [one, other] = [redis(url, { limitTimeoutMs: 5_000 }), redis(url, { limitTimeoutMs: 5_000 })];
  await useAll(one, other);
  await one.close();
  await other.close();
  expect(await server.ask('ACL LOG')).toMatch(/^\*0\r\n/);
  await expect(redis(url, { prefix: 'another' }).open()).rejects.toThrow(/NOPERM/);
});
