import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@portlight/source', 'node'] } },
  test: {
    name: 'portlight',
    include: ['test/**/*.test.ts'],
    // Says that something hangs, on a machine that others use too; clients of tests lose patience before.
    testTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
    typecheck: {
      enabled: true,
      include: ['test-d/**/*.test-d.ts'],
      tsconfig: 'test-d/tsconfig.json',
    },
  },
});
