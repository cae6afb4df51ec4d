// An app that shares what it has by Redis, as one file.
import { redis } from '@portlight/redis';
import { HttpServer } from 'portlight';

async function main() {
  const server = new HttpServer('127.0.0.1', 0)
    .backplane(redis(process.env.REDIS))
    .history('kept', { size: 10 })
    .get('/limited', { rateLimit: { max: 1, windowSeconds: 60 } }, () => 'let in')
    .get('/publish', () => server.publish('kept', 'Ahoy'))
    .events('/feed', (stream) => stream.join('kept', { since: 'earliest' }));
  server.onStart(() => console.log(`listening ${server.getAddress().port}`));
  await server.run();
}

main();
