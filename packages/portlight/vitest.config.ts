import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@portlight/source', 'node'] } },
  test: {
    name: 'portlight',
    include: ['test/**/*.test.ts'],
    typecheck: {
      enabled: true,
      include: ['test-d/**/*.test-d.ts'],
      tsconfig: 'test-d/tsconfig.json',
    },
  },
});
