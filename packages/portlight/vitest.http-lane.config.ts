import { defineConfig } from 'vitest/config';

/**
 * What is served on a port, once more on the lane through node:http: what holds of one lane has to hold of the other.
 */
export default defineConfig({
  ssr: { resolve: { conditions: ['@portlight/source', 'node'] } },
  test: {
    name: 'http-lane',
    include: [
      'test/{handlers,interceptors,lifecycle,observers,pipeline,request,response,router,socket,turns}/**/*.test.ts',
    ],
    // What a backplane does to requests is done before and behind a lane.
    exclude: ['test/lifecycle/failing-backplane.test.ts'],
    setupFiles: ['test/support/use-http-lane.ts'],
    testTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
