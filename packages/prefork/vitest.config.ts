import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@portlight/source', 'node'] } },
  test: { name: 'prefork', include: ['test/**/*.test.ts'] },
});
