import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@portlight/source', 'node'] } },
  // Says that something hangs; properties count for much, on a machine that others use too.
  test: { name: 'rate-limit', include: ['test/**/*.test.ts'], testTimeout: 30_000 },
});
