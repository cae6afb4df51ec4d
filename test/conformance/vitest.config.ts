import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@portlight/source', 'node'] } },
  test: { name: 'conformance', include: ['*.test.ts'], testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } },
});
