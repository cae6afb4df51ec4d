import { redis, type RedisOptions } from '@portlight/redis';
import { HttpServer } from 'portlight';

async function main(): Promise<void> {
  const options: RedisOptions = { prefix: 'app', lostAfterMs: 5_000 };
  const server = new HttpServer('127.0.0.1', 0)
    .backplane(redis(process.env['REDIS'] ?? '', options))
    .get('/limited', { rateLimit: { max: 1, windowSeconds: 60 } }, () => 'let in');
  await server.start();
  const url = `http://127.0.0.1:${server.getAddress()?.port}/limited`;
  console.log((await fetch(url)).status, (await fetch(url)).status);
  await server.shutdown();
}

void main();
