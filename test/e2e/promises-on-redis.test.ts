// What the framework promises, of two servers over one Redis: clients use the one and the other in turn. The promises
// are those of promises.test.ts; what only several servers can promise stands in promises/servers.ts.
import { afterAll, beforeAll, describe, test } from 'vitest';
import { HAS_REDIS, RedisServer } from '../../packages/redis/test/support/redis-server.ts';
import { App } from './promises/app.ts';
import { CHANNELS } from './promises/channels.ts';
import { LIVES } from './promises/life.ts';
import { LIMITS_AND_CLIENTS } from './promises/limits-and-clients.ts';
import { alone, type Mode, SHARING } from './promises/modes.ts';
import { REQUESTS } from './promises/requests.ts';
import { CHILDREN_OF_SERVERS, SERVERS } from './promises/servers.ts';
import { TwoServers } from './promises/two-servers.ts';

const SIDE_BY_SIDE = Object.entries({ ...REQUESTS, ...LIMITS_AND_CLIENTS, ...CHANNELS });

describe.runIf(HAS_REDIS).each(SHARING)('in the mode $name', { timeout: 60_000 }, ({ name, on }) => {
  let store: RedisServer;
  let mode: Mode;
  beforeAll(async () => {
    store = await RedisServer.start();
    mode = on(store.url);
  });
  afterAll(() => store[Symbol.asyncDispose]());

  describe.concurrent('two servers keep the promise:', () => {
    let servers: readonly [App, App];
    beforeAll(async () => {
      servers = await Promise.all([App.start(mode), App.start(mode)]);
    }, 30_000);
    afterAll(() => Promise.all(servers.map((server) => server[Symbol.asyncDispose]())));

    test.each(SIDE_BY_SIDE)('%s', (_what, keep) => keep(new TwoServers(...servers)));
  });

  const ofTwo = Object.entries(name === 'concurrent' ? SERVERS : { ...SERVERS, ...CHILDREN_OF_SERVERS });
  test.concurrent.each(ofTwo)('%s', (_what, keep) => keep(mode));

  // Whose primary holds the way to Redis, and whose children share what is there.
  const ofOne = name === 'workers' ? LIVES : [];
  test.concurrent.each(ofOne)('one server keeps the promise: %s', (_what, keep) => keep(alone(mode)));
});
