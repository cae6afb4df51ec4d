import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@portlight/source', 'node'] } },
  test: {
    name: 'socket.io',
    include: ['test/**/*.test.ts'],
    // Says that something hangs, on a machine that others use too.
    testTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
