import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@portlight/source', 'node'] } },
  // Says that something hangs, on a machine that others use too.
  test: { name: 'prefork', include: ['test/**/*.test.ts'], testTimeout: 30_000 },
});
