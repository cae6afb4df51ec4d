// What the framework promises, in every mode. One app file without a branch by mode, real processes, real clients. What
// a mode promises differently stands in promises/modes.ts. How a promise is kept in each corner is tested elsewhere,
// once.
import { afterAll, beforeAll, describe, test } from 'vitest';
import { App } from './promises/app.ts';
import { CHANNELS } from './promises/channels.ts';
import { LIVES } from './promises/life.ts';
import { LIMITS_AND_CLIENTS } from './promises/limits-and-clients.ts';
import { MODES } from './promises/modes.ts';
import { REQUESTS } from './promises/requests.ts';

/** Kept side by side by one app, which ends with 0 after them. */
const SIDE_BY_SIDE = Object.entries({ ...REQUESTS, ...LIMITS_AND_CLIENTS, ...CHANNELS });

describe.each(MODES)('in the mode $name', (mode) => {
  describe.concurrent('one app keeps the promise:', () => {
    let app: App;
    beforeAll(async () => {
      app = await App.start(mode);
    }, 30_000);
    afterAll(() => app[Symbol.asyncDispose]());

    test.each(SIDE_BY_SIDE)('%s', (_what, keep) => keep(app));
  });

  // Two processes are several, and start sooner than more.
  const few = { serving: Math.min(mode.serving, 2) };
  const small = mode.hasChildren && !mode.isOneEach ? { ...mode, ...few, children: 2 } : { ...mode, ...few };
  test.concurrent.each(LIVES)('%s', (_what, keep) => keep(small));
});
